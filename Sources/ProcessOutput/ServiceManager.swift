import Foundation
package import Logging
import Synchronization

/// The service manager (systemd) that started the process, if it waits for news of it: `Type=notify`, `sd_notify(3)`.
///
/// Each ``State`` is one datagram to the socket that `NOTIFY_SOCKET` names. Without that variable nothing is sent.
package struct ServiceManager: Sendable {
    package enum State: Sendable, Equatable {
        /// The start goes on, and is not stuck: it gets a minute more from now on.
        case starting(progress: String)
        case ready
        /// Followed by ``ready`` when the new files are in force.
        case reloading
        case stopping
        /// For the watchdog.
        case alive
    }

    private static let startExtensionMicroseconds = 60_000_000
    /// How long a send may wait while the manager's queue is full.
    private static let patience = timeval(tv_sec: 2, tv_usec: 0)

    private let address: String?
    private let logger: Logger
    private let readiness = Readiness()
    /// Within which time the watchdog wants to hear ``State/alive`` (`WatchdogSec=`); nil without a watchdog.
    let watchdog: Duration?

    /// - Parameter environment: `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`, as systemd sets them.
    package init(environment: [String: String] = ProcessInfo.processInfo.environment, logger: Logger) {
        address = environment["NOTIFY_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
        self.logger = logger
        let isForUs = environment["WATCHDOG_PID"].map { $0 == "\(ProcessInfo.processInfo.processIdentifier)" } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdog = address != nil && isForUs && microseconds > 0 ? .microseconds(microseconds) : nil
    }

    /// Sends the state. A failure is logged: systemd's own timeout follows.
    package func tell(_ state: State) {
        if state == .ready { readiness.isReady.store(true, ordering: .relaxed) }
        guard let address else { return }
        do throws(Failure) {
            try Self.send(Self.text(of: state), to: address)
        } catch {
            logger.warning("systemd cannot be told that the process is \(state.name): \(error.reason)")
        }
    }

    /// Reads files anew, and tells of it. A process that has not told ``State/ready`` yet is not made so by a reload.
    package func reload(_ body: () async -> Void) async {
        guard readiness.isReady.load(ordering: .relaxed) else { return await body() }
        tell(.reloading)
        await body()
        tell(.ready)
    }

    /// Whether ``State/ready`` has been told.
    private final class Readiness: Sendable {
        let isReady = Atomic(false)
    }

    /// Tells the watchdog that the process is alive, as often as it needs, until the task is cancelled. Without a
    /// watchdog returns at once.
    /// - Parameters:
    ///   - pause: waits; passed in by tests.
    ///   - answers: returns when everything that serves clients has answered. While it does not, nothing is sent.
    package func keepAlive(
        pause: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        answers: @Sendable () async -> Void
    ) async {
        guard let watchdog else { return }
        while !Task.isCancelled {
            await answers()
            guard !Task.isCancelled else { return }
            tell(.alive)
            do { try await pause(watchdog / 3) } catch { return }
        }
    }

    // MARK: The datagram

    private struct Failure: Error {
        let reason: String

        init(_ reason: String) { self.reason = reason }
        init(_ number: Int32) { reason = String(cString: strerror(number)) }
    }

    static func text(of state: State) -> String {
        switch state {
        case .starting(let progress):
            "STATUS=\(progress.replacing("\n", with: " "))\nEXTEND_TIMEOUT_USEC=\(startExtensionMicroseconds)"
        case .ready: "READY=1\nSTATUS="
        case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(monotonicMicroseconds())"
        case .stopping: "STOPPING=1"
        case .alive: "WATCHDOG=1"
        }
    }

    private static func monotonicMicroseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
    }

    /// - Parameter address: a path, or `@` and the name of an abstract socket.
    private static func send(_ text: String, to address: String) throws(Failure) {
        var name = Array(address.utf8)
        var target = sockaddr_un()
        target.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: target.sun_path)
        guard name[0] == UInt8(ascii: "/") || name[0] == UInt8(ascii: "@"), name.count < room else {
            throw Failure("NOTIFY_SOCKET is no address of a Unix socket")
        }
        if name[0] == UInt8(ascii: "@") { name[0] = 0 }
        withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout.offset(of: \sockaddr_un.sun_path)! + name.count)

        #if canImport(Glibc)
            let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            let flags = Int32(MSG_NOSIGNAL)
        #else
            let descriptor = socket(AF_UNIX, SOCK_DGRAM, 0)
            let flags: Int32 = 0
        #endif
        guard descriptor >= 0 else { throw Failure(errno) }
        defer { close(descriptor) }
        var patience = patience
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let bytes = Array(text.utf8)
        let sent = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, flags, $0, length)
            }
        }
        guard sent == bytes.count else { throw Failure(errno) }
    }
}

extension ServiceManager.State {
    fileprivate var name: String {
        switch self {
        case .starting: "starting"
        case .ready: "ready"
        case .reloading: "reloading"
        case .stopping: "stopping"
        case .alive: "alive"
        }
    }
}
