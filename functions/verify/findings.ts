/** What a check found wrong, and what is worth knowing: both bounded, both counted in full. */
export interface Noted {
  code: string;
  /** The file, relative to the folder that was checked. */
  path: string;
  detail: string;
}

// A disk that lost a year of files names each of them; a terminal and a result line need not.
const keptMax = 1_000;

export class Findings {
  readonly findings: Noted[] = [];
  readonly notes: Noted[] = [];
  findingsTotal = 0;
  notesTotal = 0;

  find(code: string, path: string, detail: string): void {
    this.findingsTotal += 1;
    if (this.findings.length < keptMax) this.findings.push({ code, path, detail });
  }

  note(code: string, path: string, detail: string): void {
    this.notesTotal += 1;
    if (this.notes.length < keptMax) this.notes.push({ code, path, detail });
  }
}
