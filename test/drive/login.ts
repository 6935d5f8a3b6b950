/** Who may use the fake Drive: one user with one client, and no one else. */
import type { IncomingMessage } from "node:http";
import { type Answer, refusal } from "./api.ts";

/** Made up, and marked, so that a test can look for them where no secret may be. */
export const secrets = {
  clientSecret: "SECRET-client-4f1c",
  accessToken: "SECRET-access-9b2e",
  refreshToken: "SECRET-refresh-77da",
  /** What a refresh brings. */
  renewedToken: "SECRET-renewed-c0de",
} as const;

export const clientId = "hourbook-test.apps.googleusercontent.com";

export function isLoggedIn({ headers }: IncomingMessage): boolean {
  const known = [secrets.accessToken, secrets.renewedToken];
  return known.some((token) => headers.authorization === `Bearer ${token}`);
}

/** A refresh token for an access token. */
export function renewed(body: Buffer, request: IncomingMessage): Answer {
  const form = new URLSearchParams(body.toString());
  const basic = `Basic ${Buffer.from(`${clientId}:${secrets.clientSecret}`).toString("base64")}`;
  const isClient =
    form.get("client_secret") === secrets.clientSecret || request.headers.authorization === basic;
  if (!isClient || form.get("refresh_token") !== secrets.refreshToken)
    return refusal(401, "invalid_grant", "Bad Request");
  const token = { access_token: secrets.renewedToken, token_type: "Bearer", expires_in: 3599 };
  return { status: 200, body: token };
}
