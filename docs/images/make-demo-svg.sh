#!/usr/bin/env bash
# Makes demo.svg: runs `./flyscan demo` in a terminal of its own (tmux), takes what stands there, and draws it. Needs tmux and python3.
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
root=$(dirname "$(dirname "$here")")
work=$(mktemp -d)
socket=$work/tmux
trap 'tmux -S "$socket" kill-server 2>/dev/null || true; rm -rf "$work"' EXIT

# In a link with a short name, so that paths in the picture are those of anybody's clone.
ln -s "$root" "$work/flyscan"
"$root/flyscan" --version >/dev/null # builds, out of the picture
tmux -S "$socket" -f /dev/null new-session -d -x 104 -y 36 "bash --norc --noprofile"
tmux -S "$socket" send-keys "cd '$work/flyscan' && export PS1='\$ ' TERM=xterm-256color && clear" Enter
sleep 1
tmux -S "$socket" send-keys "./flyscan demo --out '$work/data'; touch '$work/done'" Enter
for _ in $(seq 600); do
  [ -e "$work/done" ] && break
  sleep 0.2
done
[ -e "$work/done" ] || { echo "the demo did not end within 120 s" >&2; exit 1; }
sleep 0.5
tmux -S "$socket" capture-pane -p -e >"$work/screen"

python3 - "$work" "$here/demo.svg" <<'PY'
import html, re, sys

work, out = sys.argv[1:]
text = open(f"{work}/screen", encoding="utf-8").read()
text = text.replace(f" --out '{work}/data'; touch '{work}/done'", "").replace(f"{work}/data", "~/flyscan/flyscan-data").replace(work, "~")
lines = [line.rstrip() for line in text.split("\n")]
plain = lambda line: re.sub("\x1b\\[[0-9;]*m", "", line).strip()
while lines and plain(lines[-1]) in ("", "$"):
    lines.pop()
colours = {"32": "#7ee787", "2": "#7ee787", "90": "#6e7681", "8": "#6e7681", "33": "#d29922", "31": "#ff7b72"}
WIDTH, HEIGHT, SIZE, LEFT, TOP = 8.43, 19, 14, 18, 48
columns = max(len(plain(line)) for line in lines) + 4
width, height = int(LEFT * 2 + columns * WIDTH), TOP + len(lines) * HEIGHT + 14

def spans(line):
    colour = "#e6edf3"
    for part in re.split("(\x1b\\[[0-9;]*m)", line):
        if part.startswith("\x1b"):
            codes = part[2:-1].split(";")
            code = codes[-1] or "0"
            colour = colours.get(code, "#e6edf3") if code != "0" else "#e6edf3"
        elif part:
            yield f'<tspan fill="{colour}">{html.escape(part)}</tspan>'

rows = "\n".join(
    f'<text x="{LEFT}" y="{TOP + i * HEIGHT}">{"".join(spans(line))}</text>' for i, line in enumerate(lines) if plain(line))
dots = "".join(f'<circle cx="{LEFT + 6 + 20 * i}" cy="18" r="6" fill="{c}"/>' for i, c in enumerate(["#ff5f57", "#febc2e", "#28c840"]))
with open(out, "w", encoding="utf-8") as svg:
    svg.write(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img"'
        f' aria-label="A terminal in which ./flyscan demo has run">\n'
        f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/>\n{dots}\n'
        f'<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="{SIZE}"'
        f' xml:space="preserve">\n{rows}\n</g>\n</svg>\n')
PY
echo "made $here/demo.svg" >&2
