/**
 * A machine in good health for the doctor: a data folder, a simulated venue, and a remote that the real rclone
 * reaches, with a neighbour's file on it. A test then breaks one thing.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import doctor, { type DoctorResult } from "../../functions/doctor.ts";
import type { DoctorRun, Finding, Level } from "../../functions/doctor/finding.ts";
import type { Clock } from "../../runtime/doors/clock.ts";
import { type Files, systemFiles } from "../../runtime/doors/files.ts";
import { systemHttp } from "../../runtime/doors/http.ts";
import { OperatorError } from "../../runtime/errors.ts";
import { loadFunctions } from "../../runtime/load.ts";
import { type Schedules, readSchedules } from "../../runtime/schedules.ts";
import { startVenue, type Venue } from "../venue/venue.ts";
import { aRemote, type RemoteKind, type TestRemote } from "./remotes.ts";
import { aRun, call } from "./run.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";

export const now = Date.parse("2026-11-22T16:10:00Z");

export interface PatientOptions {
  kind?: RemoteKind;
  /** How far the venue's clock is ahead of this machine's. */
  venueAheadMs?: number;
  /** Instead of one that stands still. */
  venueClock?: Clock;
}

interface Changes extends Omit<Partial<DoctorRun>, "settings"> {
  settings?: Partial<DoctorRun["settings"]>;
}

export interface Patient extends TestRemote {
  clock: VirtualClock;
  venue: Venue;
  /** Of rclone's configuration; empty with a folder as the remote. */
  config: string;
  schedules: Schedules;
  run(changes?: Changes): DoctorRun;
}

/** `undefined` where rclone is needed and missing, and the test was skipped. */
export async function aPatient(
  t: TestContext,
  { kind = "dir", venueAheadMs = 0, venueClock }: PatientOptions = {},
): Promise<Patient | undefined> {
  const remote = aRemote(t, kind);
  if (remote === undefined) return undefined;
  chmodSync(remote.dataFolder, 0o750);
  const neighbour = join(remote.folder, "canary", "vps-1", "20200101T000000000-aaaaaa.txt");
  mkdirSync(dirname(neighbour), { recursive: true });
  writeFileSync(neighbour, "another's");
  const config = remote.settings.HOURBOOK_RCLONE_CONFIG ?? "";
  if (config !== "") chmodSync(config, 0o600);
  const clock = virtualClock({ start: now });
  const venue = await startVenue({
    seed: 7,
    clock: venueClock ?? virtualClock({ start: now + venueAheadMs }),
    markets: 5,
    quirks: false,
    gammaCacheMs: 0,
  });
  t.after(() => venue.close());
  const schedules = await projectSchedules();
  const urls = {
    HOURBOOK_GAMMA_URL: venue.gammaUrl,
    HOURBOOK_CLOB_URL: venue.clobUrl,
    HOURBOOK_STREAM_URL: venue.streamUrl,
  };
  return {
    ...remote,
    clock,
    venue,
    config,
    schedules,
    run({ settings: changed = {}, ...changes } = {}) {
      const settings = { ...remote.settings, ...urls, ...changed };
      const http = systemHttp({ endpoints: doctor.endpoints?.(settings) ?? [], userAgent: "test" });
      const own = aRun<typeof doctor.settings>({
        dataFolder: remote.dataFolder,
        settings,
        clock,
        http,
      });
      const configuration = { schedules, wrongSettings: new Set<string>(), refusals: [] };
      const whole = { ...own.settings, ...changed };
      return { ...own, configuration, ...changes, settings: whole };
    },
  };
}

export async function projectSchedules(): Promise<Schedules> {
  const text = readFileSync(join(import.meta.dirname, "../../schedules.json"), "utf8");
  return readSchedules(text, await loadFunctions());
}

/** What the doctor finds, whether that is a failure or not. */
export async function diagnose(run: DoctorRun): Promise<DoctorResult> {
  try {
    return await call(doctor, {}, run);
  } catch (error) {
    if (error instanceof OperatorError && error.exit === "findings")
      return error.result as DoctorResult;
    throw error;
  }
}

export function findingsOf({ findings }: DoctorResult, check: string): Finding[] {
  return findings.filter((finding) => finding.check === check);
}

/** `problem  what  fix`, as one text to match. */
export function textOf(findings: readonly { level: Level; what: string; fix?: string }[]): string {
  return findings.map(({ level, what, fix }) => `${level}  ${what}  fix: ${fix}`).join("\n");
}

/** The real disk, with some of its calls replaced. */
export function brokenFiles(broken: Partial<Files>): Files {
  return { ...systemFiles, ...broken };
}
