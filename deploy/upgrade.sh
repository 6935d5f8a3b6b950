#!/bin/sh
# Goes to another release without losing a slot, watches what it records, and goes back by itself if that is less.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"

usage() {
  cat <<TEXT
sh deploy/upgrade.sh [--watch DURATION] [--dry-run] [SOURCE]

Puts a release beside the one in force, lets it check this machine's settings and schedules, restarts the service
between two polls, and watches: if coverage falls by more than $fall_max points, the release before is put back. SOURCE is
a folder or a .tar.gz of Hourbook; by default the one this lies in. The release before is kept for rollback.sh.

  --watch DURATION   how long, in s or m (default 5m)
  --dry-run          say what would be done; change nothing
  --help             this text

Exit codes: 0 upgraded; 1 refused, nothing was changed; 2 put back.
TEXT
}

# A venue that fails once must not undo an upgrade, a recorder that loses every other slot must.
fall_max=10
watch=5m
source=$(dirname "$here")
while [ $# -gt 0 ]; do
  case $1 in
    --watch) watch=${2:?a duration}; shift ;;
    --dry-run) dry_run=yes ;;
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; exit 64 ;;
    *) source=$1 ;;
  esac
  shift
done
case $watch in
  *[!0-9sm]* | '') usage >&2; exit 64 ;;
  *m) seconds=$((${watch%m} * 60)) ;;
  *) seconds=${watch%s} ;;
esac

# Percent since a time, in seconds since 1970; "none" where nothing was due.
coverage() { "$release/deploy/hourbook" coverage "$1"; }

put_back() {
  say "$1: going back to $current"
  point previous "$older"
  merge_schedules "$release" "$opt/releases/$current"
  switch "$current"
  say "Hourbook $current is in force again; $version stays in $opt/releases for a look at it"
  exit 2
}

need_root
open_source "$source"
version=$(version_of "$source")
current=$(linked current)
older=$(linked previous)
[ -n "$current" ] || die "Hourbook is not installed" "sh deploy/install.sh"
if [ "$current" = "$version" ]; then
  say "Hourbook $version is in force already"
  exit 0
fi

release=$opt/releases/$version
stage
merge_schedules "$opt/releases/$current" "$release"
check_release "$release" "$coming" ||
  die "$version refuses this machine's settings or schedules, as shown: nothing was changed"
if [ -n "$dry_run" ]; then
  switch "$version"
  say "nothing was changed"
  exit 0
fi

before=$(coverage $(($(date +%s) - seconds))) || die "$version cannot read the journal: nothing was changed"
switch "$version" || put_back "$version does not start"
point previous "$current"
if [ -n "$was_running" ]; then
  say "watching for $watch; coverage before was $before"
  sleep "$seconds"
  systemctl is-active --quiet hourbook || put_back "$version does not run"
  after=$(coverage "$switched_at") || put_back "$version cannot read the journal"
  if [ "$before" != none ]; then
    [ "$after" != none ] || put_back "nothing is polled any more"
    [ "$((after + fall_max))" -ge "$before" ] || put_back "coverage fell from $before to $after percent"
  fi
  say "coverage after is $after"
fi

for old in "$opt"/releases/*; do
  case ${old##*/} in
    "$version" | "$current") ;;
    *) rm -rf "$old" ;;
  esac
done
say "Hourbook $version is in force; back to $current: sh $opt/current/deploy/rollback.sh"
