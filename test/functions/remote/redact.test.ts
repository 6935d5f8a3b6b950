/**
 * No secret leaves in another program's words. Each text is one that rclone 1.60 or 1.75, its OAuth library or a
 * server behind it prints; each secret in it is planted.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { errorCharsMax } from "../../../runtime/doors/children.ts";
import { redact, secretsIn } from "../../../functions/remote/redact.ts";

const accessToken = "ya29.a0AfB_byPlantedAccess-123";
const refreshToken = "1//0gPlantedRefresh-456_abcdef";
const clientSecret = "GOCSPX-PlantedClientSecret789";
const privateKey =
  "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n-----END PRIVATE KEY-----\n";

const token = JSON.stringify({ access_token: accessToken, refresh_token: refreshToken });
const account = JSON.stringify({ type: "service_account", private_key: privateKey });

suite("rclone's words are redacted:", () => {
  const spoken: [string, string, string[]][] = [
    ["a token as JSON", `saving token ${token}`, [accessToken, refreshToken]],
    [
      "a token as JSON in a JSON line",
      JSON.stringify({ level: "error", msg: `Failed to save: ${token}` }),
      [accessToken, refreshToken],
    ],
    ["a service account", `bad credentials ${account}`, ["MIIEvQIBADAN"]],
    [
      "a service account in a JSON line",
      JSON.stringify({ level: "error", msg: account }),
      ["MIIEvQIBADAN"],
    ],
    ["a private key over many lines", `key is\n${privateKey}`, ["MIIEvQIBADAN"]],
    ["a private key that was cut off", privateKey.slice(0, 80), ["MIIEvQIBADAN"]],
    [
      "a form",
      `client_id=x&client_secret=${clientSecret}&refresh_token=${encodeURIComponent(refreshToken)}&grant_type=y`,
      [clientSecret, "PlantedRefresh"],
    ],
    ["a header", "Authorization: Bearer plain-words-only", ["plain-words-only"]],
    ["a bearer token", "sent Bearer abcdefgh12345678 to it", ["abcdefgh12345678"]],
    ["a password in an address", "Get https://user:hunter2@proxy:3128/: EOF", ["hunter2"]],
    ["a password", "password = correcthorse", ["correcthorse"]],
    ["an upload session", "PUT /upload?upload_id=ABPtcPqsecret&x=1", ["ABPtcPqsecret"]],
    ["a JWT", "assertion eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl", ["eyJpc3Mi"]],
    ["AWS's key id", "AKIAIOSFODNN7EXAMPLE was refused", ["AKIAIOSFODNN7EXAMPLE"]],
    [
      "a long token of unknown kind",
      "got Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3A here",
      ["Zm9v"],
    ],
  ];
  for (const [what, text, secrets] of spoken) {
    test(what, () => {
      const shown = redact(text);
      for (const secret of secrets) assert.ok(!shown.includes(secret), shown);
      assert.match(shown, /\(hidden\)/);
      if (text.startsWith("{")) assert.doesNotThrow(() => JSON.parse(shown), shown);
    });
  }

  test("and what a person needs to mend it stays", () => {
    for (const text of [
      'couldn\'t fetch token: invalid_grant: maybe token expired? - try refreshing with "rclone config reconnect gd:"',
      "oauth2: cannot fetch token: 400 Bad Request",
      "venue=polymarket/stream=books/date=2026-11-22/hour=15/vps-1.jsonl.gz: corrupted on transfer: md5 hash differ",
      "googleapi: Error 403: User rate limit exceeded., userRateLimitExceeded",
      "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "couldn't find root directory ID: Get https://www.googleapis.com/drive/v3/files/root: EOF",
      "Failed to create file system: didn't find section in config file",
    ])
      assert.equal(redact(text), text);
  });

  test("also a secret that looks like nothing, if the configuration holds it", () => {
    const secrets = secretsIn("[nas]\ntype = webdav\npass = plainword\nuser = me\n");

    assert.deepEqual([...secrets], ["plainword"]);
    assert.equal(redact("401: plainword refused for me", secrets), "401: (hidden) refused for me");
  });
});

test("redacting keeps nobody waiting, whatever a server answers with", () => {
  const pieces = [
    "a",
    "-",
    "aB3-",
    "token",
    "eyJaaaaaaaa",
    "a:",
    "pass=",
    'token"',
    "//a:",
    "authorization:",
  ];
  for (const piece of pieces) {
    const text = `//${piece.repeat(errorCharsMax / piece.length)}`;
    const startedAt = performance.now();
    redact(text);
    // Of the patterns' first draft the worst took 30 s, the others well under a second.
    assert.ok(performance.now() - startedAt < 3_000, piece);
  }
});

suite("the secrets of a configuration", () => {
  test("are its passwords, tokens and keys, inside of JSON too", () => {
    const secrets = secretsIn(`[gd]
type = drive
client_id = 12345.apps.googleusercontent.com
client_secret = ${clientSecret}
token = ${token}
token_url = https://oauth2.googleapis.com/token
service_account_file = /etc/hourbook/account.json
service_account_credentials = ${account}
root_folder_id = 1AbCdEfGhIjKlMnOpQrStUvWxYz012345

[crypt]
type = crypt
remote = gd:hourbook
password = b2JzY3VyZWQ
`);

    for (const secret of [clientSecret, token, accessToken, refreshToken, privateKey, account])
      assert.ok(secrets.has(secret), secret);
    assert.ok(secrets.has("b2JzY3VyZWQ"));
    assert.equal(secrets.size, 7);
  });

  test("are hidden in each spelling: in JSON, in JSON within JSON, in a form", () => {
    const secrets = new Set(['quo"ted/+word']);
    const inner = JSON.stringify({ x: 'quo"ted/+word' });
    for (const text of [inner, JSON.stringify({ msg: inner }), "a=quo%22ted%2F%2Bword&b=1"])
      assert.doesNotMatch(redact(text, secrets), /ted/);
  });
});
