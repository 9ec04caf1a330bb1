package import AdminHTTP
package import Logging
package import Persistence

/// How a daemon runs. Sizes in bytes.
package struct ServerConfiguration: Sendable {
    /// Addresses to listen on, as `BindAddress` reads them.
    package var bind = ["127.0.0.1"]
    /// TCP port; 0 takes a free one.
    package var port = 7379
    /// Path of a Unix socket to listen on besides.
    package var unixSocket: String?
    /// Password of the user `default`.
    package var password: String?
    /// Password of the user `admin`; once set, only `admin` may undo and administer.
    package var adminPassword: String?
    /// Refuse to listen beyond loopback without a password.
    package var protectedMode = true
    /// The most memory that entries may take; 0 is no limit.
    package var maximumMemory = 0
    /// How much of that is kept for guarded keys.
    package var guardedReserve = GuardedReserve.quarter
    /// The most connections at once.
    package var maximumClients = 10_000
    /// Keys with this prefix are guarded.
    package var guardedPrefix = "revoked:"
    /// The longest time to live of a guarded key, in seconds.
    package var maximumRevocation: Int64 = 400 * 86_400
    /// The longest argument of a command.
    package var maximumBulk = 1 << 20
    /// The most that may wait for one client to read before it is dropped.
    package var outputLimit = 64 << 20
    /// Reactor threads; 0 is one per core.
    package var threads = 0
    /// How long a reactor that has nothing to do looks for more before it sleeps, in microseconds (epoll only).
    package var spin = 0
    /// What moves the bytes.
    package var transport = TransportKind.available[0]
    package var logLevel = Logger.Level.info
    /// Where metrics and health are served over HTTP.
    package var http = AdminListening.off
    /// Refuse to serve them beyond loopback.
    package var httpProtectedMode = true
    /// The data directory; nil keeps everything in memory only. One daemon at a time works in it.
    package var directory: String?
    /// Whether writes are logged in ``directory``.
    package var isLogging = true
    /// When the log is made durable.
    package var syncPolicy = SyncPolicy.always
    /// The log is rewritten when it has grown by this many percent since the last time; 0 is never.
    package var rewritePercentage = 100
    /// … and has this size.
    package var rewriteMinimum = 64 << 20
    /// Whether to pass over keys of other types in files of Redis, and count them, instead of failing.
    package var skipsUnsupported = false
    /// Whether guarded time and `TIME` go on with the wall clock from this start: revocations may end by it.
    package var trustsClock = false
    /// What has to be told about the settings.
    package var notices: [String] = []

    package init() {}

    package enum TransportKind: String, Sendable, CaseIterable {
        /// One epoll loop per thread; Linux only.
        case epoll
        /// SwiftNIO, on every platform.
        case nio

        /// What this platform has; the first one is the default.
        static var available: [Self] {
            #if os(Linux)
                [.epoll, .nio]
            #else
                [.nio]
            #endif
        }
    }
}

/// Something that keeps the daemon from starting; the message says what to do.
package struct ServerError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        case unprotected
        case addressInUse
        case cannotListen
        case noResources
        /// The data directory cannot be used, or what is in it cannot be read.
        case data
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
