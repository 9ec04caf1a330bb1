import Foundation
import Testing

/// Locks and transactions of a real library against both servers.
@Suite struct ScriptParityTests {
    /// redis-py's `Lock`, its pipelines, and `WATCH`.
    @Test func redisPyWorksAsOnRedis() async throws {
        let redis = try LocalRedis()
        try await LocalDaemon.run { daemon in
            let expected = try Self.runPython(redis.port)
            #expect(expected.contains("reacquired True True"))
            #expect(try Self.runPython(daemon.port) == expected)
        }
    }

    private static func runPython(_ port: Int) throws -> String {
        let program = try TestProcess.find("python3", package: "python3")
        let ended = try TestProcess(program, ["-c", script, "\(port)"]).waitForEnd()
        guard ended.status == 0 else { throw TestFailure(ended.output) }
        return ended.output
    }

    private static let script = """
        import sys, redis
        r = redis.Redis(port=int(sys.argv[1]))
        r.flushall()
        lock = r.lock("lock", timeout=100)
        print("acquired", lock.acquire(blocking=False), r.lock("lock", timeout=100).acquire(blocking=False))
        print("extended", lock.extend(50), 140 < r.ttl("lock") <= 150)
        print("replaced", lock.extend(20, replace_ttl=True), r.ttl("lock") <= 20)
        print("reacquired", lock.reacquire(), 90 < r.ttl("lock") <= 100)
        lock.release()
        print("released", r.exists("lock"))
        lock = r.lock("lock", timeout=100)
        lock.acquire()
        r.set("lock", "another's")
        try:
            lock.release()
        except redis.exceptions.LockError as error:
            print("error", error)
        print(r.pipeline().set("a", 1).incr("a").get("a").execute())
        print(r.pipeline(transaction=False).set("a", 5).get("a").execute())
        with r.pipeline() as pipe:
            pipe.watch("a")
            value = int(pipe.get("a"))
            r.set("a", 9)
            pipe.multi()
            pipe.set("a", value + 1)
            try:
                print(pipe.execute())
            except redis.WatchError:
                print("changed", r.get("a"))
        print(r.transaction(lambda p: (p.get("a"), p.multi(), p.incr("a")), "a"))
        try:
            r.pipeline().set("a", "x").incr("a").execute()
        except redis.ResponseError as error:
            print(error)
        """
}
