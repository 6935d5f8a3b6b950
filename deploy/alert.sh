#!/bin/sh
# Tells of a unit: hourbook-alert@UNIT runs this after UNIT failed (OnFailure=) or ended well (OnSuccess=).
# A failure is told at once, then once an hour while it lasts; then that it is over.
set -eu

unit=${1:?a unit}
told=${RUNTIME_DIRECTORY:?}/$unit
node=$(dirname "$0")/../node_modules/.bin/node

show() { systemctl show --property="$1" --value "$unit"; }

if [ "$(show LoadState)" != loaded ]; then
  state=none
  subject="$unit on $(uname -n): a test of the alert"
elif [ "$(show Result)" = success ]; then
  state=well
  [ -e "$told" ] || exit 0
  subject="$unit on $(uname -n) is well again"
else
  state=failed
  if [ -e "$told" ] && [ -z "$(find "$told" -mmin +59)" ]; then exit 0; fi
  subject="$unit on $(uname -n) failed"
fi

text=$(printf '%s\n\n' "$subject"; journalctl --quiet --no-pager --output=cat --lines=10 _SYSTEMD_UNIT="$unit" || true)

# <2> is the priority "critical" in the journal.
printf '%s\n' "$text" | sed 's/^/<2>/'

failed=0
if [ -n "${ALERT_COMMAND-}" ]; then
  printf '%s\n' "$text" | SUBJECT=$subject sh -c "$ALERT_COMMAND" || failed=1
fi
if [ -n "${ALERT_URL-}" ]; then
  # shellcheck disable=SC2016 # JavaScript
  printf '%s\n' "$text" | "$node" -e '
    const body = require("node:fs").readFileSync(0);
    const options = { method: "POST", body, signal: AbortSignal.timeout(30_000) };
    fetch(process.env.ALERT_URL, options).then(
      ({ ok, status }) => { if (!ok) throw new Error(`the alert was answered ${status}`); },
    ).catch((error) => {
      process.stderr.write(`<2>the alert was not sent: ${error.cause?.code ?? error.message}\n`);
      process.exitCode = 1;
    });
  ' || failed=1
fi

# What reached nobody is tried again the next time.
[ "$failed" = 0 ] || exit 1
case $state in
  failed) touch "$told" ;;
  well) rm -f "$told" ;;
esac
