/** What a run of offload came to, file by file. */
import type { Run } from "../../runtime/function.ts";
import type { FileState, Outcome } from "./deliver.ts";
import type { Limit } from "./remote.ts";

export interface Offloaded {
  /** Every file that should be there, by what it came to. */
  files: Record<FileState, number>;
  /** Of the verified: copied in this run, and found there without a receipt. */
  copied: number;
  found: number;
  copiedBytes: number;
  uploadManifests: string[];
  /** In a dry run: what would be copied. */
  wouldCopy: string[];
  wouldCopyBytes: number;
  problems: { path: string; state: FileState; problem: string }[];
  /** Why the run stopped asking for more. */
  limit: Limit | null;
}

const states: readonly FileState[] = [
  "verified",
  "pending",
  "uploaded-unverified",
  "conflict",
  "duplicate",
  "quota",
  "failed",
  "refused",
];

export class OffloadTally {
  #log: Run["log"];
  result: Offloaded = {
    files: Object.fromEntries(states.map((state) => [state, 0])) as Offloaded["files"],
    copied: 0,
    found: 0,
    copiedBytes: 0,
    uploadManifests: [],
    wouldCopy: [],
    wouldCopyBytes: 0,
    problems: [],
    limit: null,
  };

  constructor(log: Run["log"]) {
    this.#log = log;
  }

  add({ artifact, state, how, problem, limit }: Outcome): void {
    const { result } = this;
    // One word for all of them: what stopped the first stops each.
    if (limit !== undefined) this.#stop(limit);
    else if (problem !== undefined) {
      this.problem(artifact.path, state, problem);
      return;
    }
    this.count(state, 1);
    if (state === "pending" && how === "copied") {
      result.wouldCopy.push(artifact.path);
      result.wouldCopyBytes += artifact.bytes;
    }
    if (state !== "verified") return;
    if (how === "found") result.found += 1;
    else {
      result.copied += 1;
      result.copiedBytes += artifact.bytes;
    }
  }

  problem(path: string, state: FileState, problem: string): void {
    this.count(state, 1);
    this.result.problems.push({ path, state, problem });
    this.#log.warn({ path, state, problem }, `${path}: ${state}: ${problem}`);
  }

  count(state: FileState, files: number): void {
    this.result.files[state] += files;
  }

  #stop(limit: Limit): void {
    if (this.result.limit === null)
      this.#log.warn(limit, `the remote takes no more: ${limit.message}`);
    this.result.limit ??= limit;
  }
}
