#!/bin/sh
# Takes Hourbook off this machine, but nothing that was recorded or written by its operator.
set -eu
. "$(dirname "$(readlink -f "$0")")/lib.sh"

usage() {
  cat <<TEXT
sh /opt/hourbook/current/deploy/uninstall.sh [--dry-run]

Stops Hourbook and removes its units, /usr/local/bin/hourbook and /opt/hourbook. What was recorded (/var/lib/hourbook),
the settings (/etc/hourbook) and the user hourbook, who owns the data, stay.

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

for unit in hourbook-check.timer hourbook.service; do
  [ ! -e "/etc/systemd/system/$unit" ] || run systemctl disable --quiet --now "$unit"
done
for unit in $units; do run rm -f "/etc/systemd/system/$unit"; done
run systemctl daemon-reload
run rm -f /usr/local/bin/hourbook
run rm -rf "$opt"

say "Hourbook is gone from this machine. What it recorded stays in $data, its settings and secrets in $etc."
say "To delete those too, for ever:"
say "  rm -rf $data $etc && userdel hourbook"
