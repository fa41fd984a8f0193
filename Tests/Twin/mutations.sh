#!/usr/bin/env bash
# Are the checkers worth anything? Puts deliberate faults into a copy of the sources, one at a time, and plays seeds until one is caught.
# Usage: Tests/Twin/mutations.sh [FOLDER] [SEEDS]. The faults are in mutations.py; nothing of them is ever in the sources.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${1:-$(mktemp -d)}
seeds=${2:-300}
export ActorEngine=embedded DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
mkdir -p "$work"
(cd "$root" && git ls-files -z | tar --null -T - -cf -) | tar -C "$work" -xf -
count=$(python3 "$here/mutations.py" apply "$work")
(cd "$work" && dotnet build Tests/Twin/Twin.csproj -c Release --nologo -v quiet -clp:NoSummary -nodeReuse:false)
missed=0
for ((n = 1; n <= count; n++)); do
  if FLYSCAN_MUTATION=$n timeout 600 dotnet "$work/artifacts/embedded/bin/Twin/release/Flyscan.Twin.dll" \
    --seed 1 --seeds "$seeds" --brief >"$work/mutation-$n.txt"; then
    result="NOT CAUGHT by $seeds seeds"
    missed=$((missed + 1))
  else
    result=$(tail -1 "$work/mutation-$n.txt")
  fi
  printf '%2d  %-70s %s\n' "$n" "$(python3 "$here/mutations.py" name "$n")" "$result"
done
exit $((missed > 0))
