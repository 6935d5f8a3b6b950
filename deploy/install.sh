#!/bin/sh
# Puts Hourbook on this machine, beside systemd; starts nothing. Safe to run again: what is there stays.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"

usage() {
  cat <<TEXT
sh deploy/install.sh [--dry-run] [SOURCE]

Puts Hourbook under /opt/hourbook, its settings under /etc/hourbook, its units into systemd, and makes the user
hourbook, who owns /var/lib/hourbook. SOURCE is a folder or a .tar.gz of Hourbook; by default the one this lies in.
Starts nothing; run again, it changes nothing that is there.

  --dry-run   say what would be done; change nothing
  --help      this text
TEXT
}

source=$(dirname "$here")
while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) dry_run=yes ;;
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; exit 64 ;;
    *) source=$1 ;;
  esac
  shift
done
need_root
open_source "$source"
version=$(version_of "$source")
current=$(linked current)
if [ -n "$current" ] && [ "$current" != "$version" ]; then
  die "Hourbook $current is installed" "to go to $version: sh deploy/upgrade.sh"
fi
[ -d /run/systemd/system ] || [ -n "$dry_run" ] || die "this machine does not run systemd"

stage
if ! getent passwd hourbook >/dev/null; then
  run useradd --system --user-group --home-dir "$data" --no-create-home --shell /usr/sbin/nologin hourbook
fi
[ -e "$data" ] || run install -d -m 0700 -o hourbook -g hourbook "$data"

release=$opt/releases/$version
[ -z "$dry_run" ] || release=$source
run install -d -m 0755 "$etc"
# Settings may hold a health check's address, which is a secret of a kind: the service is told it by systemd.
[ -e "$etc/hourbook.env" ] || {
  run install -m 0600 "$release/deploy/hourbook.env" "$etc/hourbook.env"
  # The machine may be renamed one day; the name in the files must stay.
  name=$(uname -n | sed 's/\..*//; s/[^A-Za-z0-9-]/-/g')
  run sed -i "s/^#HOURBOOK_COLLECTOR=.*/HOURBOOK_COLLECTOR=$name/" "$etc/hourbook.env"
}
[ -e "$etc/alert.env" ] || run install -m 0600 "$release/deploy/alert.env" "$etc/alert.env"
if [ -n "$dry_run" ]; then
  say "would run: cp $release/schedules.json $etc/schedules.json"
elif [ ! -e "$etc/schedules.json" ]; then
  shipped_schedules "$release" >"$etc/schedules.json"
fi

check_release "$release" "$(schedules)" || die "the settings in $etc are not right: see above" "nothing was started"
point current "$version"
run ln -sfn "$opt/current/deploy/hourbook" /usr/local/bin/hourbook
place_units "$release"
run systemctl enable --quiet hourbook.service hourbook-check.timer

if [ -n "$dry_run" ]; then
  say "nothing was changed"
  exit 0
fi
say "Hourbook $version is installed. Settings: $etc/hourbook.env. To start it:"
say "  systemctl start hourbook hourbook-check.timer"
