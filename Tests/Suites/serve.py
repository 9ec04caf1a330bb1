"""serve.py PORT SERVER… -- SUITE…: starts a server, waits until it answers, runs the suite, and ends the server."""
import pathlib, socket, subprocess, sys, tempfile, time

split = sys.argv.index("--")
port, server, suite = int(sys.argv[1]), sys.argv[2:split], sys.argv[split + 1:]
with tempfile.TemporaryDirectory() as folder:
    log = pathlib.Path(folder, "server.log")
    with open(log, "w") as file:
        process = subprocess.Popen(server, cwd=folder, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    try:
        for _ in range(400):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        status = subprocess.run(suite).returncode
        if process.poll() is not None: print(f"the server has ended: {process.returncode}\n{log.read_text()[-2000:]}")
        sys.exit(status)
    finally:
        process.kill()
        process.wait()
