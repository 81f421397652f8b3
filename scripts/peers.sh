# shellcheck shell=bash
# Throw-away servers for the tests, to be sourced from the project's root:
#   trap stop_peers EXIT
#   start_peers
# Each listens on a free port of 127.0.0.1 and keeps its files in one temporary directory. What is not installed is
# left out, and so is its GUICHET_TEST_* variable; the tests that want it say that they were skipped.

peers_dir=
peers_pids=()
# Nothing here outlives the tests, so nothing needs to survive a power cut.
postgres_options="-c fsync=off -c max_connections=300"

postgres_bin() {
    local initdb
    initdb=$({ compgen -G "/usr/lib/postgresql/*/bin/initdb" || command -v initdb; } | sort -V | tail -n 1)
    [[ -n $initdb ]] && dirname "$initdb"
}

chromium_bin() {
    command -v chromium || command -v chromium-browser || command -v google-chrome
}

answers() {
    (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Below the range that the system hands out by itself, so that no test takes it in between.
free_port() {
    local port
    while port=$((10000 + RANDOM % 20000)); answers "$port"; do :; done
    echo "$port"
}

# PostgreSQL refuses to run as root.
as_postgres() {
    if [[ $EUID -ne 0 ]]; then
        "$@"
    else
        (cd / && runuser -u "$(id -un postgres 2>/dev/null || echo nobody)" -- "$@")
    fi
}

# start_peer NAME PORT COMMAND...
start_peer() {
    local name=$1 port=$2 pid
    shift 2
    "$@" </dev/null >"$peers_dir/$name.log" 2>&1 &
    pid=$!
    peers_pids+=("$pid")
    for _ in {1..300}; do
        if answers "$port"; then return; fi
        if ! kill -0 "$pid" 2>/dev/null; then break; fi
        sleep 0.1
    done
    echo "$name did not start:" >&2
    tail -n 20 "$peers_dir/$name.log" >&2
    return 1
}

start_postgres() {
    local bin port data=$peers_dir/postgres
    bin=$(postgres_bin) || return 0
    port=$(free_port)
    mkdir -m 700 "$data"
    if [[ $EUID -eq 0 ]]; then chown "$(as_postgres id -u)" "$data"; fi
    if ! {
        as_postgres "$bin/initdb" -D "$data/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync &&
            as_postgres "$bin/pg_ctl" -D "$data/data" -l "$data/log" -w start \
                -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$data $postgres_options"
    } </dev/null >"$peers_dir/postgres.log" 2>&1; then
        echo "postgres did not start:" >&2
        cat "$peers_dir/postgres.log" "$data/log" 2>/dev/null | tail -n 20 >&2
        return 1
    fi
    export GUICHET_TEST_POSTGRES=postgres://postgres@127.0.0.1:$port/postgres
}

start_smtp() {
    local port
    if [[ ! -e build/peers/requirements.txt.installed ]]; then return; fi
    port=$(free_port)
    start_peer smtp "$port" build/peers/venv/bin/python tests/peers/smtp.py "$port" "$peers_dir/maildir" || return 1
    export GUICHET_TEST_SMTP=smtp://127.0.0.1:$port GUICHET_TEST_MAILDIR=$peers_dir/maildir
}

# A mail server that demands TLS, with a certificate that nobody signed, for another host.
start_smtp_tls() {
    local port certificate=$peers_dir/certificate.pem key=$peers_dir/key.pem
    if [[ ! -e build/peers/requirements.txt.installed ]] || ! command -v openssl >/dev/null; then return; fi
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=elsewhere.example -out "$certificate" -keyout "$key" \
        2>"$peers_dir/openssl.log" || return 1
    port=$(free_port)
    start_peer smtp-tls "$port" build/peers/venv/bin/python tests/peers/smtp.py "$port" "$peers_dir/maildir-tls" \
        "$certificate" "$key" || return 1
    export GUICHET_TEST_SMTP_TLS=smtp://127.0.0.1:$port
}

# Prism answers as Twilio's API description says, and 422 to what the description does not allow.
start_twilio() {
    local port modules=build/peers/node_modules
    if [[ ! -e build/peers/package-lock.json.installed ]] || ! command -v node >/dev/null; then return; fi
    port=$(free_port)
    start_peer twilio "$port" node "$modules/@stoplight/prism-cli/dist/index.js" mock --errors --port "$port" \
        "$modules/@twilio/cli-core/src/services/twilio-api/twilio_api_v2010.json" || return 1
    export GUICHET_TEST_TWILIO=http://127.0.0.1:$port
}

# A demonstration for a browser, at $demo_url, with its files in $demo_dir.
start_demo() {
    local port
    make_peers_dir
    cargo build --bin guichet
    port=$(free_port)
    demo_dir=$peers_dir/demonstration
    demo_url=http://localhost:$port
    start_peer demo "$port" target/debug/guichet demo --dir "$demo_dir" --port "$port"
}

make_peers_dir() {
    peers_dir=$(mktemp -d "${TMPDIR:-/tmp}/guichet-peers.XXXXXX")
    chmod 711 "$peers_dir"
}

start_peers() {
    make_peers_dir
    unset GUICHET_TEST_POSTGRES GUICHET_TEST_SMTP GUICHET_TEST_SMTP_TLS GUICHET_TEST_MAILDIR GUICHET_TEST_TWILIO
    start_postgres && start_smtp && start_smtp_tls && start_twilio
}

stop_peers() {
    local pid
    # A second Ctrl-C must not leave servers behind.
    trap '' HUP INT TERM
    if [[ -z $peers_dir ]]; then return; fi
    for pid in ${peers_pids[@]+"${peers_pids[@]}"}; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    if [[ -e $peers_dir/postgres/data/postmaster.pid ]]; then
        as_postgres "$(postgres_bin)/pg_ctl" -D "$peers_dir/postgres/data" -m immediate stop >/dev/null || true
    fi
    rm -rf "$peers_dir"
    peers_dir=
    peers_pids=()
    trap - HUP INT TERM
}
