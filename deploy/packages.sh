# shellcheck shell=bash disable=SC2034
# The Debian packages that Liaison is built, run and tested with. Sourced by deploy/demo and tests/run.

packages_build=(gcc cmake ninja-build pkg-config libc6-dev libzmq3-dev libssl-dev libmsgpack-dev libconfig-dev libuv1-dev libsqlite3-dev
  libjansson-dev libxml2-dev libpcre2-dev libsystemd-dev libseccomp-dev uthash-dev libp11-kit-dev)
packages_demo=(openssl jq)
packages_test=(clang libclang-rt-14-dev libcmocka-dev python3 python3-pytest python3-zmq python3-msgpack python3-cryptography openssl jq curl procps shellcheck softhsm2
  pmccabe universal-ctags valgrind strace iproute2 nftables cppcheck)
packages_long=(clang-tidy gcovr) # of the stages that only tests/run --long has
# tests/bench/run: its plots, and the brokers that --peers measures beside
packages_bench=(gnuplot-nox)
packages_peers=(redis-server rabbitmq-server nats-server mosquitto e2fsprogs)

# packages_install PACKAGE…: installs what is missing, and says so; needs root or sudo only then.
packages_install() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  echo "Installing: ${missing[*]}"
  local as=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "These packages are missing and neither root nor sudo is at hand: ${missing[*]}" >&2; return 1; }
    as=(sudo)
  fi
  local log
  log=$(mktemp)
  if ! { "${as[@]}" apt-get update -qq && "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
      >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    echo "The packages could not be installed; see above." >&2
    return 1
  fi
  rm -f "$log"
}
