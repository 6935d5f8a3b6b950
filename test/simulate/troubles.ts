/** What befalls a deployment in a day, drawn from one seed. */
import type { Deployment } from "./deployment.ts";
import { dataFolder, remoteFolder } from "./deployment.ts";
import type { Promises } from "./promises.ts";
import { faultKindsAt, type FaultKind } from "../venue/faults.ts";
import { unit } from "../venue/random.ts";

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

export interface Chance {
  /** In [0, 1). */
  next(): number;
  between(low: number, high: number): number;
  oneOf<T>(list: readonly T[]): T;
}

export function chanceOf(seed: number): Chance {
  let asked = 0;
  const next = (): number => unit(seed, (asked += 1));
  return {
    next,
    between: (low, high) => low + next() * (high - low),
    oneOf: (list) => list[Math.floor(next() * list.length)]!,
  };
}

export interface Trouble {
  deployment: Deployment;
  promises: Promises;
  chance: Chance;
}

type Happening = (trouble: Trouble) => Promise<void>;

// A body of megabytes, or one that comes byte by byte, costs real time and shows nothing that others do not.
const tooDear = new Set<FaultKind>(["huge", "trickle"]);
const venueKinds = [...faultKindsAt("books"), ...faultKindsAt("markets")].filter(
  (kind) => !tooDear.has(kind),
);

const happenings: Readonly<Record<string, Happening>> = {
  "mixed venue faults": async ({ deployment, chance }) => {
    const isOver = deployment.venue.faults.random(
      Math.floor(chance.between(1, 1e6)),
      chance.between(0.1, 0.9),
      venueKinds,
    );
    await deployment.run(chance.between(10 * minuteMs, hourMs));
    isOver();
  },
  "one venue fault": async ({ deployment, chance }) => {
    const isOver = deployment.venue.faults.inject({
      kind: chance.oneOf(["429", "503", "hang", "omitted"]),
    });
    await deployment.run(chance.between(5 * minuteMs, 40 * minuteMs));
    isOver();
  },
  "small clock step": async ({ deployment, chance }) =>
    deployment.step(chance.between(-55, 55) * secondMs),
  "large clock step": async ({ deployment, chance }) =>
    deployment.step(chance.between(-50, 90) * minuteMs),
  restart: restarted((deployment) => deployment.stop()),
  kill: restarted(async (deployment) => deployment.kill()),
  "kill at a call": restarted(async (deployment, chance) => {
    deployment.killAfter(Math.floor(chance.between(1, 400)));
    await deployment.run(chance.between(5 * minuteMs, 80 * minuteMs));
    deployment.kill();
  }),
  "power cut": restarted(async (deployment, chance) => deployment.powerCut(() => chance.next())),
  "power cut at a call": restarted(async (deployment, chance) => {
    deployment.killAfter(Math.floor(chance.between(1, 400)));
    await deployment.run(chance.between(5 * minuteMs, 80 * minuteMs));
    deployment.powerCut(() => chance.next());
  }),
  "disk full": async ({ deployment, chance }) => {
    const { disk } = deployment;
    const before = disk.capacityBytes;
    disk.capacityBytes = disk.usedBytes + Math.floor(chance.between(0, 60_000));
    await deployment.run(chance.between(10 * minuteMs, 90 * minuteMs));
    disk.capacityBytes = before;
  },
  "disk errors": async ({ deployment, chance }) => {
    const failing = new Set(["write", "syncData", "syncFolder", "rename", "link", "truncate"]);
    const share = chance.between(0.02, 0.3);
    deployment.disk.fault = (method, path) =>
      failing.has(method) && path.startsWith(dataFolder) && chance.next() < share
        ? "EIO"
        : undefined;
    await deployment.run(chance.between(10 * minuteMs, 60 * minuteMs));
    deployment.disk.fault = undefined;
  },
  "remote errors": async ({ deployment, chance }) => {
    deployment.disk.fault = (_method, path) =>
      path.startsWith(remoteFolder) && chance.next() < 0.5 ? "EIO" : undefined;
    await deployment.run(chance.between(30 * minuteMs, 3 * hourMs));
    deployment.disk.fault = undefined;
  },
  "the remote is tampered with": tamper,
};

/** One thing that happens, and what it takes for the deployment to be up again. */
export async function happen(trouble: Trouble): Promise<string> {
  const name = trouble.chance.oneOf(Object.keys(happenings));
  await happenings[name]!(trouble);
  return name;
}

function restarted(end: (deployment: Deployment, chance: Chance) => Promise<void>): Happening {
  return async ({ deployment, chance }) => {
    await end(deployment, chance);
    await deployment.run(
      chance.next() < 0.5 ? chance.between(0, 20) * secondMs : chance.between(0, 3) * hourMs,
    );
    await comeUp(deployment);
  };
}

/** As systemd does: again and again. */
export async function comeUp(deployment: Deployment): Promise<void> {
  for (let attempt = 0; attempt < attemptsMax && !deployment.isUp; attempt += 1) {
    if (await deployment.start()) return;
    await deployment.run(5 * secondMs);
  }
}

const attemptsMax = 20;

/** Somebody tidies the shared folder that the remote is. */
async function tamper({ deployment, promises, chance }: Trouble): Promise<void> {
  // What was deleted until now was deleted while this copy was good.
  await promises.check();
  const { files } = deployment.disk.process();
  const all: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const { name, isFolder } of await files.list(folder)) {
      if (isFolder) await walk(`${folder}/${name}`);
      else if (/\.(jsonl\.gz|manifest\.json)$/.test(name)) all.push(`${folder}/${name}`);
    }
  };
  await walk(remoteFolder);
  if (all.length === 0) return;
  const path = chance.oneOf(all);
  promises.tampered.add(path.slice(remoteFolder.length + 1));
  const bytes = await files.read(path);
  await files.remove(path);
  if (chance.next() < 0.5) return;
  const file = await files.open(path, "create");
  await file.write(bytes.subarray(0, Math.floor(bytes.length / 2)));
  await file.syncData();
  await file.close();
}
