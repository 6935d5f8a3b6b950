#!/bin/sh
# Goes back to the release before, between two polls; run again, it goes forward again.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"

usage() {
  cat <<TEXT
sh /opt/hourbook/current/deploy/rollback.sh [--dry-run]

Puts the release before back in force, between two polls. What is recorded is not touched. The release that is left is
kept: run again, this goes back to it.

  --dry-run   say what would be done; change nothing
  --help      this text
TEXT
}

while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) dry_run=yes ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 64 ;;
  esac
  shift
done
need_root
current=$(linked current)
previous=$(linked previous)
if [ -z "$current" ] || [ -z "$previous" ]; then die "there is no release before this one"; fi
from=$opt/releases/$current
to=$opt/releases/$previous

merge_schedules "$from" "$to"
check_release "$to" "$coming" ||
  die "$previous refuses this machine's settings or schedules, as shown: nothing was changed"
if ! switch "$previous"; then
  merge_schedules "$to" "$from"
  switch "$current"
  die "$previous does not start: $current is in force again"
fi
point previous "$current"
say "Hourbook $previous is in force; $current is kept"
