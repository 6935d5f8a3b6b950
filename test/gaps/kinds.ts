/**
 * What goes wrong, kind by kind: how it is brought about, and what it must be called. A kind takes the slots from the one
 * that comes next; the clock stands in the middle before it, and is left in the middle behind its last slot.
 */
import { functionLock } from "../../runtime/locks.ts";
import { decodeHeader, headerBytes, memberMagic } from "../../runtime/hours/member.ts";
import { listParts } from "../../runtime/hours/parts.ts";
import { type Hour, hourOf, minuteMs, secondMs } from "../../runtime/time.ts";
import { type Claim, type Kind, pass, type Scene, slotsOf } from "./scene.ts";
import { venueKinds } from "./venue-kinds.ts";
import { cadenceMs, dataFolder, type World } from "./world.ts";

export const kinds: readonly Kind[] = [
  ...venueKinds,
  {
    name: "process killed",
    act: (scene) => down(scene, () => Promise.resolve(scene.world.kill())),
  },
  { name: "process stopped", act: (scene) => down(scene, () => scene.world.stop()) },
  { name: "process killed in a poll", act: killedInPoll },
  { name: "clock forward", act: (scene) => jump(scene, "clock") },
  { name: "loop blocked", act: (scene) => jump(scene, "late") },
  { name: "clock back", act: clockBack },
  { name: "disk full", act: diskFull },
  { name: "disk fails", act: diskFails },
  { name: "lock held", act: lockHeld },
  { name: "poll breaks", act: pollBreaks },
  { name: "bytes damaged", act: damaged },
];

async function down(scene: Scene, goDown: () => Promise<void>): Promise<Claim[]> {
  await goDown();
  await pass(scene);
  await scene.world.start();
  return slotsOf(scene).map((slot) => ({ slot, causes: ["not-running"] }));
}

async function killedInPoll(scene: Scene): Promise<Claim[]> {
  const { world, slot } = scene;
  const takeBack = world.venue.faults.inject({ kind: "slow", on: "books", ms: 8 * secondMs });
  await world.clock.run(slot + 4 * secondMs);
  world.kill();
  await world.clock.run(slot + minuteMs);
  takeBack();
  await pass(scene);
  await world.start();
  return slotsOf(scene).map((each) => ({ slot: each, causes: ["not-running"] }));
}

/** The newest slot is run when the time is looked at again; those before it have come and gone. */
async function jump(scene: Scene, cause: "clock" | "late"): Promise<Claim[]> {
  const { world, slots } = scene;
  const ms = slots * cadenceMs;
  if (cause === "clock") world.clock.step(ms);
  else world.clock.block(ms);
  // It is noticed within 10 s; the next slot is minutes away.
  await world.clock.run(world.clock.now() + minuteMs);
  await scene.look();
  return slotsOf(scene).map((slot, n): Claim => {
    return n < slots - 1
      ? { slot, causes: [cause] }
      : { slot, causes: ["kept"], isUnsettled: true };
  });
}

/** Slots that were polled well come again, and are polled well. */
async function clockBack({ world, slot, slots, look }: Scene): Promise<Claim[]> {
  world.clock.step(-slots * cadenceMs);
  const claims: Claim[] = [];
  for (let again = slot - slots * cadenceMs; again < slot; again += cadenceMs) {
    await world.clock.run(again + cadenceMs / 2);
    await look();
    claims.push({ slot: again, causes: ["kept"], isUnsettled: true });
  }
  return claims;
}

/** Not a byte fits, not even the account of what is missing; or a few do, until sealing makes room. */
async function diskFull(scene: Scene): Promise<Claim[]> {
  const { disk } = scene.world;
  const capacity = disk.capacityBytes;
  const isLoose = scene.random() < 0.5;
  disk.capacityBytes = isLoose ? disk.usedBytes + Math.floor(scene.random() * 4_096) : 0;
  const short = isLoose ? { ...scene, slots: 1 } : scene;
  await pass(short);
  disk.capacityBytes = capacity;
  // With some room left, what the reserve gives back can be enough for a poll.
  const causes: Claim["causes"] = isLoose ? ["disk", "kept"] : ["disk"];
  return slotsOf(short).map((slot) => ({ slot, causes }));
}

async function diskFails(scene: Scene): Promise<Claim[]> {
  const { disk } = scene.world;
  disk.fault = (method, path) =>
    method === "write" && path.includes("polymarket.books") ? "EIO" : undefined;
  await pass(scene);
  disk.fault = undefined;
  return slotsOf(scene).map((slot) => ({ slot, causes: ["disk"] }));
}

/** As by a poll by hand that takes its time. */
async function lockHeld(scene: Scene): Promise<Claim[]> {
  const lock = await scene.world.files.lock(functionLock(dataFolder, "snapshot-poll").lock);
  await pass(scene);
  await lock?.release();
  return slotsOf(scene).map((slot) => ({ slot, causes: ["skipped"] }));
}

/** A failure that nobody foresaw: nothing says what it was. */
async function pollBreaks(scene: Scene): Promise<Claim[]> {
  const { disk } = scene.world;
  disk.fault = (method, path) =>
    method === "read" && path.endsWith("/watch/polymarket.json") ? "EACCES" : undefined;
  await pass(scene);
  disk.fault = undefined;
  return slotsOf(scene).map((slot) => ({ slot, causes: ["unknown"] }));
}

/** Of the newest poll: what is unchanged since goes with it, up to each token's next book, or the hour's end. */
async function damaged(scene: Scene): Promise<Claim[]> {
  const { world, slot } = scene;
  const struck = slot - cadenceMs;
  const isStruck = await strike(world, hourOf(struck));
  await pass(scene);
  if (!isStruck) return [];
  const claims: Claim[] = [{ slot: struck, causes: ["damaged"] }];
  for (let each = slot; hourOf(each) === hourOf(struck); each += cadenceMs)
    claims.push({ slot: each, causes: ["kept", "damaged"] });
  return claims;
}

/** Turns a byte in the middle of the last member of the hour's newest file of books. */
async function strike({ files }: World, hour: Hour): Promise<boolean> {
  const [part] = (await listParts(files, dataFolder, "polymarket.books"))
    .filter((each) => each.hour === hour)
    .toReversed();
  if (part === undefined) return false;
  const bytes = await files.read(part.path);
  let at = bytes.lastIndexOf(memberMagic);
  while (at > 0 && decodeHeader(bytes.subarray(at)) === undefined)
    at = bytes.lastIndexOf(memberMagic, at - 1);
  const middle = (at + headerBytes + bytes.length) >>> 1;
  bytes[middle] = (bytes[middle] as number) ^ 0xff;
  const file = await files.open(part.path, "append");
  await file.truncate(0);
  await file.write(bytes);
  await file.close();
  return true;
}
