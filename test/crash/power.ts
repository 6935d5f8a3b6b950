/**
 * Power cuts without special hardware: the step runs on an ext4 filesystem in a file, is killed, and that file is
 * copied as it is, without what the kernel has yet to write. The copy is what a machine would find after a cut.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

export interface Disk {
  image: string;
  /** Where it is mounted. */
  folder: string;
}

const imageBytes = 32 * 1024 * 1024;
const mounted = new Set<string>();

/** `undefined` if this machine lets us mount; otherwise why not. */
export function whyNoMounts(folder: string): string | undefined {
  if (process.getuid?.() !== 0) return "mounting needs root";
  try {
    unmount(makeDisk(join(folder, "probe")));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A new, empty filesystem, mounted. */
export function makeDisk(place: string): Disk {
  const image = `${place}.img`;
  run("truncate", "-s", String(imageBytes), image);
  run("mkfs.ext4", "-q", "-F", image);
  return mount(image, place);
}

/** Copies the image, whatever its filesystem is doing, and mounts the copy: its journal is replayed. */
export function copyDisk(image: string, place: string): Disk {
  run("cp", "--sparse=always", image, `${place}.img`);
  return mount(`${place}.img`, place);
}

export function unmount({ folder }: Disk): void {
  run("umount", folder);
  mounted.delete(folder);
}

export function discard(disk: Disk): void {
  unmount(disk);
  rmSync(disk.folder, { recursive: true });
  rmSync(disk.image);
}

export function fill(disk: Disk, from: string): void {
  cpSync(from, join(disk.folder, "root"), { recursive: true });
}

// The kernel commits every 5 s by itself; later, so that only what was synced is there.
function mount(image: string, folder: string): Disk {
  mkdirSync(folder, { recursive: true });
  run("mount", "-o", "loop,commit=900", image, folder);
  mounted.add(folder);
  return { image, folder };
}

/** For an end that nobody planned. */
export function unmountAll(): void {
  for (const folder of mounted) spawnSync("umount", ["-l", folder]);
  mounted.clear();
}

function run(program: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(program, args);
  if (status !== 0)
    throw new Error(`${program} ${args.join(" ")}: ${error?.message ?? stderr.toString().trim()}`);
}
