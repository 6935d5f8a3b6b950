/** HOURBOOK_REMOTE is typed by people, so each test is something they may type and what they are told. */
import assert from "node:assert/strict";
import { resolve } from "node:path";
import { suite, test } from "node:test";
import * as v from "valibot";
import { remoteId, remoteSettings } from "../../../functions/remote/settings.ts";

const schema = remoteSettings.HOURBOOK_REMOTE;

suite("HOURBOOK_REMOTE", () => {
  test("is ./offsite if nothing is said, as an absolute path", () => {
    assert.equal(v.parse(schema, undefined).spec, `dir:${resolve("offsite")}`);
  });

  test("takes a folder, and a remote of rclone's configuration with or without a path", () => {
    assert.equal(v.parse(schema, "dir:/mnt/disk/").spec, "dir:/mnt/disk");
    assert.equal(v.parse(schema, "rclone:gd:hourbook/vps/").spec, "rclone:gd:hourbook/vps");
    assert.equal(v.parse(schema, "rclone:my drive:").spec, "rclone:my drive:");
  });

  for (const text of ["offsite", "dir:", "rclone:gd", "rclone:-x:y", "s3:bucket"]) {
    test(`refuses ${text} and says what to write`, () => {
      const { issues } = v.safeParse(schema, text);
      assert.match(
        issues?.[0].message ?? "",
        /^write "dir:PATH" for a folder, or "rclone:NAME:PATH"/,
      );
    });
  }

  for (const text of ["rclone::local:/x", "rclone:gd,token=abc:x"]) {
    test(`refuses ${text}, which could carry a secret into the process list`, () => {
      const { issues } = v.safeParse(schema, text);
      assert.equal(issues?.length, 1);
      assert.match(issues[0].message, /would show in the process list/);
    });
  }

  test("gives each place its own readable receipts folder", () => {
    const ids = ["dir:/a/offsite", "dir:/b/offsite", "rclone:gd:hourbook"].map((text) =>
      remoteId(v.parse(schema, text)),
    );
    assert.match(ids[0] ?? "", /^dir-offsite-[0-9a-f]{8}$/);
    assert.match(ids[2] ?? "", /^rclone-gd-hourbook-[0-9a-f]{8}$/);
    assert.equal(new Set(ids).size, 3);
  });
});
