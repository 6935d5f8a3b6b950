/** What docs/google-drive.md asks of a Google Drive's section. */
import * as v from "valibot";
import { type DoctorRun, type Noted, problem, warning } from "./finding.ts";
import { rcloneCommand } from "./rclone-command.ts";
import type { Section } from "./rclone-sections.ts";

const page = "docs/google-drive.md";
const leastScope = "drive.file";

export async function judgeDrive(run: DoctorRun, { name, values }: Section): Promise<Noted[]> {
  const found: Noted[] = [];
  const account = values["service_account_file"];
  const isService = account !== undefined || values["service_account_credentials"] !== undefined;
  if (account !== undefined && (await run.files.read(account).catch(() => undefined)) === undefined)
    found.push(
      problem(
        `[${name}] cannot read its service_account_file ${account}`,
        `sudo chown "$USER" ${account}; chmod 600 ${account}`,
      ),
    );
  if (isService && values["team_drive"] === undefined) {
    const what = `[${name}] is a service account, which owns no storage of its own, and names no shared drive`;
    found.push(problem(what, `set team_drive (${page}, “Shared drives and service accounts”)`));
  }
  if (isService) return found;
  if ((values["client_id"] ?? "") === "") {
    const what = `[${name}] has no client_id: rclone's shared one ends in 2026, and all its users share its limits`;
    found.push(warning(what, `${page}, “An OAuth client of your own”`));
  }
  if (values["scope"] !== leastScope) {
    const what = `[${name}] has scope ${values["scope"] ?? "drive"}, which reaches everything on that Drive`;
    found.push(
      warning(
        what,
        `scope = ${leastScope}, then ${rcloneCommand(run)} config reconnect ${name}: (${page}, “The scope”)`,
      ),
    );
  }
  if (!hasRefreshToken(values["token"]))
    found.push(
      problem(
        `[${name}] has no refresh token: it cannot log in by itself`,
        `${rcloneCommand(run)} config reconnect ${name}:`,
      ),
    );
  return found;
}

const tokenSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ refresh_token: v.pipe(v.string(), v.nonEmpty()) }),
);

function hasRefreshToken(text: string | undefined): boolean {
  return v.is(tokenSchema, text);
}
