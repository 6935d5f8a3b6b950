/** What a check found: what it is, how bad it is, and what to type. */
import type { Run, SettingsOf } from "../../runtime/function.ts";
import { venueSettings } from "../polymarket/endpoints.ts";
import { remoteSettings } from "../remote/settings.ts";

export type Level = "problem" | "warning" | "ok";

export interface Finding {
  /** The check's name. */
  check: string;
  level: Level;
  what: string;
  /** What to type or to do; only `ok` has none. */
  fix?: string;
}

/** A finding before its check has put its name to it. */
export type Noted = Omit<Finding, "check">;

export const doctorSettings = { ...remoteSettings, ...venueSettings };

export type DoctorRun = Run<typeof doctorSettings>;
export type DoctorSettings = SettingsOf<typeof doctorSettings>;

export interface Check {
  name: string;
  /** Settings without which it would look at the wrong thing. */
  needs?: readonly (keyof DoctorSettings)[];
  /** It is given up after this, and that is a finding. */
  limitMs: number;
  /** Whatever it throws is a problem. */
  look(run: DoctorRun): Promise<Noted[]> | Noted[];
}

export function ok(what: string): Noted {
  return { level: "ok", what };
}

export function warning(what: string, fix: string): Noted {
  return { level: "warning", what, fix };
}

export function problem(what: string, fix: string): Noted {
  return { level: "problem", what, fix };
}
