# shellcheck shell=sh disable=SC2034 # names that the scripts use
# What install.sh, upgrade.sh, rollback.sh and uninstall.sh share.
#
# /opt/hourbook/releases/VERSION   a release: code, dependencies and Node, root's, never changed once it is whole
# /opt/hourbook/current, previous  links to releases; exchanged atomically
# /etc/hourbook                    settings, schedules, credentials: the operator's
# /var/lib/hourbook                what is recorded: no script here ever writes there

opt=/opt/hourbook
etc=/etc/hourbook
data=/var/lib/hourbook
umask 022
units='hourbook.service hourbook-check.service hourbook-check.timer hourbook-alert@.service'
here=$(dirname "$(readlink -f "$0")")
# What a release is made of: tests and tools stay behind.
parts='.ci .npmrc LICENSE README.md deploy docs functions package-lock.json package.json runtime schedules.json'
dry_run=
version=

# What is half done, and goes whatever happens.
unpacked=
staged=
merging=
draft=
trap 'rm -rf "$unpacked" "$staged" "$merging" "$draft"' EXIT

say() { printf '%s\n' "$*"; }

die() {
  printf '%s: %s\n' "$(basename "$0")" "$1" >&2
  shift
  for line in "$@"; do printf '  %s\n' "$line" >&2; done
  exit 1
}

# Does it, or with --dry-run says what it would do.
run() {
  if [ -n "$dry_run" ]; then printf 'would run: %s\n' "$*"; else "$@"; fi
}

need_root() {
  [ -z "$dry_run" ] || return 0
  [ "$(id -u)" = 0 ] || die "this needs root: sudo sh $0"
  # One of these scripts at a time; the lock goes with the process.
  exec 9>/run/hourbook-deploy.lock
  flock -n 9 || die "another of Hourbook's scripts is running"
}

# The release behind a link, as its version; empty without one.
linked() {
  if [ -L "$opt/$1" ]; then basename "$(readlink "$opt/$1")"; fi
}

# Sets source (a folder) from a folder or a tarball.
open_source() {
  case $1 in
    *.tar.gz | *.tgz)
      unpacked=$(mktemp -d)
      tar -xzf "$1" -C "$unpacked" || die "$1 is no tarball"
      source=$unpacked
      # git archive --prefix and GitHub put everything into one folder.
      [ -e "$source/package.json" ] || source=$(echo "$unpacked"/*)
      ;;
    *) source=$1 ;;
  esac
  [ -e "$source/deploy/hourbook.service" ] || die "$1 is no folder and no tarball of Hourbook"
}

# Version and digest of what it is made of: the same code is the same release, other code another one.
version_of() {
  (
    cd "$1" || exit
    number=$(sed -n 's/^  "version": "\([0-9A-Za-z.+-]*\)",$/\1/p' package.json)
    # shellcheck disable=SC2086 # a list of names
    digest=$(find $parts -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c 1-8)
    echo "$number-$digest"
  )
}

# Puts a release beside the others, whole or not at all.
stage() {
  release=$opt/releases/$version
  if [ -d "$release" ]; then
    say "release $version is there already"
    return
  fi
  say "release $version: copying, and npm ci for its dependencies and its Node"
  if [ -n "$dry_run" ]; then
    run cp -R "$source" "$release"
    run npm ci --omit=dev
    return
  fi
  command -v npm >/dev/null || die "npm is not installed" "apt-get install -y --no-install-recommends npm libatomic1 rclone ca-certificates"
  mkdir -p "$opt/releases"
  staged=$(mktemp -d "$opt/releases/.staging-XXXXXX")
  for part in $parts; do cp -R "$source/$part" "$staged/"; done
  (cd "$staged" && npm ci --omit=dev --no-audit --no-fund) ||
    die "npm ci failed: nothing was changed"
  "$staged/node_modules/.bin/node" --version >/dev/null ||
    die "the release's Node does not start: nothing was changed" "apt-get install -y libatomic1"
  chown -R root:root "$staged"
  chmod -R u=rwX,go=rX "$staged"
  mv "$staged" "$release"
  staged=
}

# New code looks at this machine's settings, and at the schedules in $2, before it is ever in force. What it compiles
# meanwhile is kept: a service that may not write there starts faster, in 27 MB less.
check_release() {
  [ -z "$dry_run" ] || { run "$1/deploy/hourbook" check "$2"; return; }
  cache=$1/node_modules/.cache/hourbook
  mkdir -p "$cache"
  chown -R hourbook "$cache"
  is_right=
  if "$1/deploy/hourbook" check "$2"; then is_right=yes; fi
  chown -R root:root "$cache"
  chmod -R u=rwX,go=rX "$cache"
  [ -n "$is_right" ]
}

# $1 → what $2 points to, in one step.
point() {
  [ -n "$2" ] || { run rm -f "$opt/$1"; return; }
  run ln -sfn "releases/$2" "$opt/.$1.new"
  run mv -T "$opt/.$1.new" "$opt/$1"
}

place_units() {
  for unit in $units; do run install -m 0644 "$1/deploy/$unit" "/etc/systemd/system/$unit"; done
  run systemctl daemon-reload
}

# The operator's schedules.json, wherever the settings say that it lies.
schedules() {
  path=$(sed -n 's/^HOURBOOK_SCHEDULES=//p' "$etc/hourbook.env" 2>/dev/null || true)
  echo "${path:-$etc/schedules.json}"
}

# A release's schedules.json as it lies in /etc/hourbook, where the editor's schema is somewhere else.
shipped_schedules() { sed "s|\"\\./runtime/|\"$opt/current/runtime/|" "$1/schedules.json"; }

# Sets coming to what will be in force after going from the release in $1 to that in $2: the operator's changes on top of
# the schedule that $2 brings. Where both changed the same lines, the operator's file stays as it is.
merge_schedules() {
  theirs=$(schedules)
  coming=$theirs
  [ -z "$dry_run" ] || return 0
  merging=$(mktemp -d)
  draft=$theirs.coming
  coming=$draft
  shipped_schedules "$1" >"$merging/from"
  shipped_schedules "$2" >"$merging/to"
  if diff3 -m "$theirs" "$merging/from" "$merging/to" >"$coming"; then
    diff -u --label "$theirs" "$theirs" --label "$theirs, with this release" "$coming" || true
  else
    cp "$theirs" "$coming"
    say "you and the release changed the same lines of $theirs: yours stays as it is. The release's:"
    say "  $2/schedules.json"
  fi
  rm -rf "$merging"
}

# To another release, with the schedules in coming, between two polls. Everything slow comes before the service is
# stopped. A service that was stopped at first, or had failed, is not started.
switch() {
  to=$opt/releases/$1
  : "${was_running=$(is_running && echo yes)}"
  place_units "$to"
  if [ -z "$dry_run" ] && is_running; then
    # Where nothing is polled no moment is better than another.
    "$to/deploy/hourbook" between-polls || true
  fi
  # From the next second on: the poll that has just ended was not the new one's.
  switched_at=$(($(date +%s) + 1))
  run systemctl stop hourbook
  point current "$1" || return 1
  if [ "$coming" != "$theirs" ]; then mv "$coming" "$theirs"; fi
  if [ -n "$was_running" ] || [ -n "$dry_run" ]; then
    run systemctl start hourbook
  else
    say "Hourbook was not running, and is not started"
  fi
}

# Also one that systemd is starting over and over is meant to run.
is_running() {
  case $(systemctl is-active hourbook) in
    active | activating | reloading) true ;;
    *) false ;;
  esac
}
