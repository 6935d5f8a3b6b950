/**
 * `npm run test:deploy`: docs/operations.md, typed on a machine with a real systemd, and then everything that happens to a
 * machine in a year: crashes, a stalled process, a power cut, upgrades good and bad, an uninstall.
 *
 * Method: one machine and one story, in order; the simulated venue runs inside it, since its network leads nowhere. What
 * was recorded is read off its disk from outside, slot by slot. `DEPLOY_SLICE=1` leaves out what takes longest.
 */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { type Deployed, cadenceMs, deployed } from "./deployed.ts";
import { missingForMachines } from "./template.ts";

const missing = missingForMachines();
const unpack = "rm -rf hourbook && tar -xzf hourbook.tar.gz";
const isSlice = process.env["DEPLOY_SLICE"] === "1";
if (missing !== undefined) {
  const message = `SKIPPED, no machine can be booted here; it takes ${missing}`;
  if (process.env["TEST_REQUIRE"] === "1") throw new Error(message);
  process.stderr.write(`${message}\n`);
}

/** A step of the story: those after one that failed would only tell of it again. */
function step(name: string, work: () => void | Promise<void>): void {
  test(name, async (t) => {
    if (isBroken) return t.skip("a step before it failed");
    isBroken = true;
    await work();
    isBroken = false;
    return undefined;
  });
}
let isBroken = false;

function longStep(name: string, work: () => Promise<void>): void {
  if (isSlice) test(name, { skip: "left out of a slice" });
  else step(name, work);
}

suite("on a VPS", { skip: missing !== undefined }, () => {
  let vps: Deployed;

  before(async () => {
    vps = await deployed();
  });
  after(() => vps?.end());

  step("the page's commands install it, and change nothing before they are to", () => {
    vps.bring("0.1.0");
    const { stdout } = vps.type("On a VPS in ten minutes");

    assert.match(stdout, /nothing was changed[\s\S]*are right[\s\S]*is installed/);
    assert.equal(vps.run("systemctl is-active hourbook || true").stdout, "inactive\n");
  });

  step("installing again changes nothing", () => {
    vps.run("echo '# mine' >>/etc/hourbook/hourbook.env");
    vps.run(
      "find /etc/hourbook /opt/hourbook /etc/systemd -printf '%p %T@ %l\\n' | grep -v .cache | sort >before",
    );
    vps.run("sh hourbook/deploy/install.sh");
    vps.run(
      "find /etc/hourbook /opt/hourbook -type f -printf '%p %T@ %l\\n' | grep -v .cache | sort >after; " +
        "grep -v ' d' before | grep -F -x -f - after | diff - after",
    );
  });

  step("it is ready, and records every slot, as the user hourbook alone may read it", async () => {
    vps.pointAtVenue();
    assert.match(vps.type("On a VPS in ten minutes").stdout, /are right[\s\S]*ok +venue/);
    vps.type("On a VPS in ten minutes");

    await vps.records(2);

    assert.match(
      vps.run("systemctl show --property=StatusText hourbook").stdout,
      /functions, next/,
    );
    assert.equal(
      vps.run("find /var/lib/hourbook ! -user hourbook -o -perm /077 ! -type l").stdout,
      "",
    );
    assert.equal(vps.run("find /opt/hourbook ! -user root").stdout, "");
  });

  step("its unit verifies, and is exposed to 1.3 of 10 at most", () => {
    const { said } = vps.run(
      "systemd-analyze verify hourbook.service hourbook-check.service hourbook-check.timer hourbook-alert@x.service; " +
        "systemd-analyze security --threshold=13 hourbook.service >/dev/null",
    );
    assert.equal(said, "");
  });

  step("the service can write to its data and to nothing else", () => {
    const properties =
      vps.run("systemctl cat hourbook").stdout.match(/^(Protect|Private|StateD|User)\w*=.*$/gm) ??
      [];
    const options = properties.map((each) => `-p ${each}`).join(" ");
    const { stdout } = vps.run(
      `systemd-run --quiet --wait --pipe ${options} sh -c '
        for place in / /etc /etc/hourbook /opt/hourbook/current/runtime /usr/local/bin /home /root /var/lib /var/lib/hourbook
        do touch $place/x 2>/dev/null && echo $place; done; true'`,
    );
    assert.equal(stdout, "/var/lib/hourbook\n");
    vps.run("rm /var/lib/hourbook/x");
  });

  step("every other command of the page does what it says", () => {
    const { stdout } = vps.type("Every day");
    assert.match(stdout, /Running since .*\n/);
    vps.type("Logs");
    vps.type("Disk and sizing");
  });

  step("rclone's secrets reach the service and nobody else", async () => {
    vps.run(
      "install -d -o hourbook -g hourbook /var/lib/hourbook/far; umask 077; " +
        "printf '[far]\\ntype = alias\\nremote = /var/lib/hourbook/far\\n# s3cret\\n' >/etc/hourbook/rclone.conf; " +
        "sed -i 's|^HOURBOOK_REMOTE=.*|HOURBOOK_REMOTE=rclone:far:orderbooks|' /etc/hourbook/hourbook.env",
    );
    await vps.betweenSlots();
    const { stdout } = vps.type("Offload to Google Drive, or another remote");
    assert.match(stdout, /verified on rclone:far:orderbooks/);

    const copies =
      "/etc/hourbook/rclone.conf /run/credentials/hourbook.service/rclone.conf /run/hourbook/rclone.conf";
    for (const path of copies.split(" ")) {
      vps.run(`test -e ${path}`);
      vps.refuses(`runuser -u nobody -- cat ${path}`);
    }
    vps.refuses("runuser -u nobody -- cat /etc/hourbook/hourbook.env");
    vps.refuses(
      "grep -q s3cret /proc/$(systemctl show --property=MainPID --value hourbook)/environ",
    );
    assert.equal(vps.run("journalctl --no-pager | grep -c s3cret || true").stdout, "0\n");
    await vps.records(1);
  });

  step(
    "an alert is raised once when the data is old, told of again when it is young, and can be tried",
    async () => {
      vps.run("echo 'ALERT_COMMAND=cat >>/run/hourbook-alert/mail' >/etc/hourbook/alert.env");
      vps.type("Being told");
      assert.match(
        vps.run("cat /run/hourbook-alert/mail").stdout,
        /^test on vps-1: a test of the alert/,
      );

      const dropIn = "/run/systemd/system/hourbook-check.service.d/x.conf";
      const program = "/opt/hourbook/current/node_modules/.bin/node runtime/status.ts --max-age";
      vps.run(
        `install -d $(dirname ${dropIn}); printf '[Service]\\nExecStart=\\nExecStart=${program} 1ms\\n' >${dropIn}; systemctl daemon-reload`,
      );
      for (const _ of [1, 2]) vps.run("systemctl start hourbook-check || true; sleep 1");
      vps.run(`rm ${dropIn}; systemctl daemon-reload`);
      for (const _ of [1, 2]) vps.run("systemctl start hourbook-check; sleep 1");

      const told = vps.run("grep 'on vps-1' /run/hourbook-alert/mail").stdout.trim().split("\n");
      assert.deepEqual(told, [
        "test on vps-1: a test of the alert",
        "hourbook-check.service on vps-1 failed",
        "hourbook-check.service on vps-1 is well again",
      ]);
    },
  );

  step(
    "wrong settings leave it failed, with an alert, instead of starting over for ever",
    async () => {
      vps.run(
        "cp -p /etc/hourbook/hourbook.env kept; echo HOURBOOK_DATTA=/x >>/etc/hourbook/hourbook.env",
      );
      assert.match(vps.refuses("hourbook check").said, /HOURBOOK_DATTA/);
      await vps.disturbed(async () => {
        vps.refuses("systemctl restart hourbook");
        assert.equal(vps.run("systemctl is-active hourbook || true").stdout, "failed\n");
        await wait(1_500);
        vps.run("mv kept /etc/hourbook/hourbook.env; systemctl start hourbook");
        await vps.records(1);
      });
      const { stdout } = vps.run("cat /run/hourbook-alert/mail");
      assert.match(stdout, /hourbook\.service on vps-1 failed[\s\S]*HOURBOOK_DATTA/);
    },
  );

  step("stopping, starting and reloading lose no slot, and a reload retunes", async () => {
    const from = await vps.betweenSlots();
    vps.type("Stopping and starting");
    await vps.records(1);
    assert.deepEqual(await vps.lost(from), []);

    vps.run(
      "sed -i 's|\"3 \\*/10 |\"7 */10 |' /etc/hourbook/schedules.json; systemctl reload hourbook",
    );
    await wait(1_000);
    assert.match(vps.run("hourbook status --next 1").stdout, /discover .*:07/);
  });

  step("a process that is killed is there again for the next slot", async () => {
    const from = await vps.betweenSlots();
    vps.run(
      "pid=$(systemctl show --property=MainPID --value hourbook); test $pid != 0; kill -9 $pid",
    );
    await vps.records(1);
    assert.deepEqual(await vps.lost(from), []);
  });

  longStep("a process that stands still is killed by the watchdog, and started again", async () => {
    await vps.disturbed(async () => {
      vps.run(
        "pid=$(systemctl show --property=MainPID --value hourbook); test $pid != 0; kill -STOP $pid",
      );
      await vps.records(1, 60_000);
    });
    assert.match(vps.run("journalctl -u hourbook --no-pager").stdout, /Watchdog timeout/);
  });

  step("a machine that dies records again once it is up", async () => {
    await vps.disturbed(async () => {
      await vps.die();
      await vps.records(1);
    });
    assert.match(vps.run("hourbook fn verify").stdout, /./);
  });

  step(
    "an upgrade loses no slot, keeps what the operator changed, and puts the release's changes under it",
    async () => {
      vps.bring("0.1.1", {
        "schedules.json": (text) => text.replace('"25 * * * *"', '"26 * * * *"'),
      });
      const from = await vps.betweenSlots();
      const { stdout } = vps.type("Upgrade and rollback");

      assert.match(
        stdout,
        /nothing was changed[\s\S]*coverage after is \d+\nHourbook 0\.1\.1-\w+ is in force/,
      );
      assert.deepEqual(await vps.lost(from), []);
      assert.match(
        vps.run("cat /etc/hourbook/schedules.json").stdout,
        /"\*\/5 \* \* \* \* \*"[\s\S]*"26 \* \* \* \*"/,
      );
    },
  );

  step("a rollback loses no slot, and takes the release's changes away again", async () => {
    const from = await vps.betweenSlots();
    vps.type("Upgrade and rollback");
    await vps.records(1);

    assert.deepEqual(await vps.lost(from), []);
    assert.match(vps.run("readlink /opt/hourbook/current").stdout, /0\.1\.0/);
    assert.match(
      vps.run("cat /etc/hourbook/schedules.json").stdout,
      /"\*\/5 \* \* \* \* \*"[\s\S]*"25 \* \* \* \*"/,
    );
  });

  longStep("a release that refuses this machine's settings changes nothing", async () => {
    vps.bring("0.1.2", { "functions/broken.ts": () => "export default 1;\n" });
    const from = await vps.betweenSlots();
    const { said } = vps.refuses(`${unpack} && sh hourbook/deploy/upgrade.sh`);

    assert.match(said, /functions\/broken\.ts[\s\S]*nothing was changed/);
    assert.match(vps.run("readlink /opt/hourbook/current").stdout, /0\.1\.0/);
    await vps.records(1);
    assert.deepEqual(await vps.lost(from), []);
  });

  step("a release that records less is put back by itself", async () => {
    vps.bring("0.1.3", {
      "functions/snapshot-poll.ts": (text) =>
        text.replace(
          "const slot = run.scheduledAt",
          'throw new Error("broken"); const slot = run.scheduledAt',
        ),
    });
    await vps.betweenSlots();
    const { status, said } = await vps.disturbed(async () =>
      vps.refuses(`${unpack} && sh hourbook/deploy/upgrade.sh --watch 12s`),
    );

    assert.equal(status, 2);
    assert.match(said, /coverage fell from \d+ to 0 percent: going back to 0\.1\.0/);
    await vps.records(1);
  });

  longStep("a release that does not start is put back at once", async () => {
    vps.bring("0.1.4", {
      "runtime/main.ts": (text) =>
        text.replace("const now = ()", "process.exit(70); const now = ()"),
    });
    await vps.betweenSlots();
    const { status, said } = await vps.disturbed(async () =>
      vps.refuses(`${unpack} && sh hourbook/deploy/upgrade.sh`),
    );

    assert.equal(status, 2);
    assert.match(said, /does not start: going back to 0\.1\.0/);
    await vps.records(1);
  });

  step(
    "the gap report explains every slot that was lost, by what was done to the machine",
    async () => {
      const { unexplained, lost } = await vps.gaps();

      assert.deepEqual(unexplained, []);
      assert.ok(lost > 0 && lost < 100, `${lost} slots of ${cadenceMs} ms`);
    },
  );

  step("an uninstall leaves the data, the settings and their owner", () => {
    const files = vps.run("find /var/lib/hourbook /etc/hourbook -type f | wc -l").stdout;
    vps.type("Backup and restore");
    vps.type("Uninstall");

    assert.equal(vps.run("find /var/lib/hourbook /etc/hourbook -type f | wc -l").stdout, files);
    vps.run("getent passwd hourbook; ! test -e /opt/hourbook; ! test -e /usr/local/bin/hourbook");
    assert.equal(vps.run("find /etc/systemd /run/systemd/system -name 'hourbook*'").stdout, "");
  });

  step("every command of the page was typed", () => assert.deepEqual(vps.left(), []));
});
