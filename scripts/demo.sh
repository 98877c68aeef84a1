#!/usr/bin/env bash
# `make demo`: judges a short real clip and a manipulated copy of it, which `unmask forge` makes.
#
#   scripts/demo.sh [BUILD_FOLDER]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build=${1:-build}
unmask=$build/bin/unmask
folder=$build/demo
mkdir -p "$folder"

say() { printf '\n$ %s\n' "$*"; }
run() {
  say "$@"
  "$@"
}

# Ten seconds of a person talking, encoded as often as its manipulated copy will be.
ffmpeg -v error -y -i .deps/samples/cap13_edit2.mp4 -t 10 -c copy "$folder/original.mp4"
ffmpeg -v error -y -i "$folder/original.mp4" -an -c:v libx264 -crf 18 "$folder/real.mp4"
# Not every forgery is caught: seed 2 is one that the default model sees, gentler ones pass.
run "$unmask" forge "$folder/original.mp4" "$folder/manipulated.mp4" --seed 2
run "$unmask" detect "$folder/real.mp4" "$folder/manipulated.mp4"
cat <<TEXT

Both clips are in $folder. Now try one of your own:

  $unmask detect your-clip.mp4
TEXT
