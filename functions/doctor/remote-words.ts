/** What to do about what a remote says, by its words: rclone's exit codes do not tell one trouble from another. */
import type { DoctorRun } from "./finding.ts";
import { rcloneCommand } from "./rclone-command.ts";

const page = "docs/google-drive.md";

/** In this order: the first that fits is the cause, the others may come with it. */
const fixes: readonly (readonly [RegExp, (remote: string, rclone: string) => string])[] = [
  [
    /didn't find section/i,
    (_, rclone) => `${rclone} listremotes; then set HOURBOOK_REMOTE, or make one (${page})`,
  ],
  [
    /invalid_grant|token (has )?expired|maybe it has expired|empty token/i,
    (remote, rclone) => `${rclone} config reconnect ${remote}: (${page}, “The consent screen”)`,
  ],
  [
    /invalid_client|unauthorized_client|deleted_client/i,
    () => `look at client_id and client_secret (${page}, “An OAuth client of your own”)`,
  ],
  [
    /storageQuotaExceeded|storage quota|insufficient.?storage/i,
    () =>
      `make room on the remote; a service account has none (${page}, “Shared drives and service accounts”)`,
  ],
  [
    /userRateLimitExceeded|rateLimitExceeded|user rate limit|quota exceeded|\b429\b/i,
    () => `wait: Drive takes 750 GB a day (${page}, “Quotas”)`,
  ],
  [
    /insufficientPermissions|insufficient.*scope|insufficientFilePermissions/i,
    () => `look at the scope, and at who may write there (${page}, “The scope”)`,
  ],
  [
    /root directory|notFound|file not found/i,
    () => `look at root_folder_id and team_drive (${page}, “The scope”)`,
  ],
  [
    /accessNotConfigured|has not been used in project/i,
    () => `switch the Drive API on in your project (${page}, “An OAuth client of your own”)`,
  ],
  [
    /x509|certificate/i,
    () =>
      "SSL_CERT_FILE names the authority; an interceptor between here and there is a finding of its own",
  ],
  [
    /no such host|connection refused|network is unreachable|i\/o timeout|deadline exceeded|\bEOF\b|connection reset/i,
    () => "look at DNS, routes, firewall and HTTPS_PROXY",
  ],
  [/ENOSPC|no space left/i, () => "make room there"],
  [
    /EACCES|EPERM|permission denied|EROFS|read-only/i,
    () => "make it a folder that this user can write to",
  ],
];

export function fixFor(run: Pick<DoctorRun, "settings">, words: string): string {
  const remote = run.settings.HOURBOOK_REMOTE;
  const target = remote.kind === "rclone" ? remote.target : "";
  const name = target.split(":", 1)[0] ?? "";
  const known = fixes.find(([pattern]) => pattern.test(words));
  if (known !== undefined) return known[1](name, rcloneCommand(run));
  return remote.kind === "rclone"
    ? `${rcloneCommand(run)} lsf -vv ${target}`
    : `ls -ld ${remote.folder}`;
}
