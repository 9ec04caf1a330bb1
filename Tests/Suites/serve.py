"""serve.py PORT SERVER… -- SUITE…: starts a server, waits until it answers, runs the suite, and ends the server."""
import socket, subprocess, sys, tempfile, time

split = sys.argv.index("--")
port, server, suite = int(sys.argv[1]), sys.argv[2:split], sys.argv[split + 1:]
with tempfile.TemporaryDirectory() as folder:
    process = subprocess.Popen(server, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        for _ in range(400):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        sys.exit(subprocess.run(suite).returncode)
    finally:
        process.kill()
        process.wait()
