/** Whose a file is and who may do what with it. */
import { userInfo } from "node:os";
import type { Stat } from "../../runtime/doors/files.ts";

const readableByOthers = 0o004;
const readableByGroup = 0o040;
const writableByOthers = 0o002;

export function othersMayRead({ mode }: Pick<Stat, "mode">): boolean {
  return (mode & (readableByOthers | readableByGroup)) !== 0;
}

export function everyoneMayWrite({ mode }: Pick<Stat, "mode">): boolean {
  return (mode & writableByOthers) !== 0;
}

/** `0600` */
export function modeText({ mode }: Pick<Stat, "mode">): string {
  return mode.toString(8).padStart(4, "0");
}

export interface User {
  id: number;
  /** As `chown` takes it. */
  name: string;
}

export function thisUser(): User {
  const id = process.getuid?.() ?? -1;
  try {
    return { id, name: userInfo().username };
  } catch {
    // A user without an entry in /etc/passwd, as in a container.
    return { id, name: `${id}` };
  }
}
