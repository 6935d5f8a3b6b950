/** How an operator calls rclone: with the configuration that the runs use, where it is not rclone's own. */
import type { DoctorRun } from "./finding.ts";

export function rcloneCommand({ settings }: Pick<DoctorRun, "settings">): string {
  const { HOURBOOK_RCLONE_CONFIG: path, credentialsFolder } = settings;
  if (path !== undefined) return `rclone --config ${path}`;
  // What is mended in the copy is gone with the service.
  return credentialsFolder === undefined ? "rclone" : "rclone --config THE-FILE-OF-LoadCredential";
}
