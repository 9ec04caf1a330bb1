import Foundation
import Logging
import Synchronization
import Testing

@testable import ProcessOutput

/// What systemd receives, on a real socket.
@Suite struct ServiceManagerTests {
    /// The socket of a service manager, which also keeps the warnings of the one who talks to it.
    private final class Manager {
        let address: String
        private let descriptor: Int32
        private let path: String?
        let warnings = Warnings()

        init(isAbstract: Bool = false) {
            let name = "/tmp/revoked-notify-\(UUID().uuidString)"
            address = isAbstract ? "@" + name : name
            path = isAbstract ? nil : name
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var target = sockaddr_un()
            target.sun_family = sa_family_t(AF_UNIX)
            let bytes = isAbstract ? [0] + Array(name.utf8) : Array(name.utf8)
            withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: bytes) }
            let length = socklen_t(MemoryLayout.offset(of: \sockaddr_un.sun_path)! + bytes.count)
            let result = withUnsafePointer(to: &target) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
            }
            precondition(result == 0)
        }

        deinit {
            close(descriptor)
            if let path { unlink(path) }
        }

        func client(_ environment: [String: String] = [:]) -> ServiceManager {
            let warnings = warnings
            return ServiceManager(
                environment: environment.merging(["NOTIFY_SOCKET": address]) { $1 },
                logger: Logger(label: "test") { _ in warnings })
        }

        /// The next datagram; nil if there is none now.
        func next() -> String? {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
        }
    }

    private final class Warnings: LogHandler {
        private let lines = Mutex([String]())
        var all: [String] { lines.withLock { $0 } }
        var metadata: Logger.Metadata {
            get { [:] }
            set {}
        }
        var logLevel: Logger.Level {
            get { .trace }
            set {}
        }
        subscript(metadataKey _: String) -> Logger.MetadataValue? {
            get { nil }
            set {}
        }
        func log(event: LogEvent) { lines.withLock { $0.append("\(event.message)") } }
    }

    /// A signal may come while the process starts: it is not ready by that.
    @Test func aReloadBeforeItIsReadyIsNotTold() async {
        let manager = Manager()
        let client = manager.client()
        var reloads = 0
        await client.reload { reloads += 1 }
        #expect(manager.next() == nil)
        client.tell(.ready)
        #expect(manager.next() == "READY=1\nSTATUS=")
        await client.reload {
            reloads += 1
            #expect(manager.next()?.hasPrefix("RELOADING=1") == true)
        }
        #expect(manager.next() == "READY=1\nSTATUS=" && manager.next() == nil)
        #expect(reloads == 2)
    }

    @Test(arguments: [false, true])
    func eachStateIsOneDatagram(isAbstract: Bool) throws {
        let manager = Manager(isAbstract: isAbstract)
        let client = manager.client()
        client.tell(.starting(progress: "loading: 34 %\nREADY=1"))
        // Progress is one line, whatever it says.
        #expect(manager.next() == "STATUS=loading: 34 % READY=1\nEXTEND_TIMEOUT_USEC=60000000")
        client.tell(.ready)
        #expect(manager.next() == "READY=1\nSTATUS=")
        client.tell(.reloading)
        let reloading = try #require(manager.next())
        #expect(reloading.wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]+/) != nil, "\(reloading)")
        client.tell(.stopping)
        #expect(manager.next() == "STOPPING=1")
        #expect(manager.next() == nil)
        #expect(manager.warnings.all.isEmpty)
    }

    @Test func withoutASocketNothingIsSent() {
        let warnings = Warnings()
        for environment in [[:], ["NOTIFY_SOCKET": ""]] {
            let client = ServiceManager(environment: environment, logger: Logger(label: "test") { _ in warnings })
            client.tell(.ready)
            #expect(client.watchdog == nil)
        }
        #expect(warnings.all.isEmpty)
    }

    @Test(arguments: [
        "/nowhere/socket", "relative", "vsock:2:1234", "/" + String(repeating: "x", count: 200),
    ])
    func aSocketThatCannotBeReachedIsAWarning(address: String) {
        let warnings = Warnings()
        let client = ServiceManager(
            environment: ["NOTIFY_SOCKET": address], logger: Logger(label: "test") { _ in warnings })
        client.tell(.ready)
        #expect(warnings.all.count == 1)
        #expect(warnings.all.first?.hasPrefix("systemd cannot be told that the process is ready: ") == true)
    }

    @Test func theWatchdogIsForTheProcessThatItNames() {
        let manager = Manager()
        let own = "\(ProcessInfo.processInfo.processIdentifier)"
        #expect(manager.client(["WATCHDOG_USEC": "3000000"]).watchdog == .seconds(3))
        #expect(manager.client(["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": own]).watchdog == .seconds(3))
        #expect(manager.client(["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"]).watchdog == nil)
        #expect(manager.client(["WATCHDOG_USEC": "nonsense"]).watchdog == nil)
        #expect(manager.client().watchdog == nil)
    }

    @Test func theWatchdogHearsNothingWhileAThreadHangs() async {
        let manager = Manager()
        let client = manager.client(["WATCHDOG_USEC": "3000000"])
        let rounds = Mutex(0)
        let (never, hanging) = AsyncStream<Void>.makeStream()
        let (stuck, isStuck) = AsyncStream<Void>.makeStream()
        let task = Task {
            await client.keepAlive(
                pause: { interval in #expect(interval == .seconds(1)) },
                answers: {
                    let round = rounds.withLock { rounds in
                        rounds += 1
                        return rounds
                    }
                    guard round > 2 else { return }
                    isStuck.finish()
                    for await _ in never {}
                })
        }
        for await _ in stuck {}
        #expect(manager.next() == "WATCHDOG=1")
        #expect(manager.next() == "WATCHDOG=1")
        #expect(manager.next() == nil)
        // Nor does it hear anything of a process that is about to end.
        task.cancel()
        await task.value
        #expect(manager.next() == nil)
        hanging.finish()
    }
}
