/** rclone's configuration as sections, and the remotes that lie behind one of them: crypt, alias and their like. */

export interface Section {
  name: string;
  values: Readonly<Record<string, string>>;
}

export function sectionsOf(text: string): ReadonlyMap<string, Section> {
  const sections = new Map<string, Section>();
  let values: Record<string, string> | undefined;
  for (const line of text.split("\n")) {
    const [, name] = /^\s*\[(.+)\]\s*$/.exec(line) ?? [];
    const [, key, value = ""] = /^\s*([\w-]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined) sections.set(name, { name, values: (values = {}) });
    else if (key !== undefined && values !== undefined) values[key] = value;
  }
  return sections;
}

/** More would be a circle. */
const depthMax = 8;

/** The remote of `gd:path` and those it is made of, outermost first; `undefined` if there is none of that name. */
export function storesOf(
  sections: ReadonlyMap<string, Section>,
  target: string,
): Section[] | undefined {
  const stores: Section[] = [];
  let name = nameOf(target);
  while (name !== undefined && stores.length < depthMax) {
    const section = sections.get(name);
    if (section === undefined) return stores.length > 0 ? stores : undefined;
    stores.push(section);
    name = nameOf(section.values["remote"] ?? "");
  }
  return stores;
}

function nameOf(target: string): string | undefined {
  return /^([\w][\w .+@-]*):/.exec(target)?.[1];
}
