public import AdminHTTP
public import Logging
public import Persistence

/// How a daemon runs. Sizes in bytes.
public struct ServerConfiguration: Sendable {
    /// Addresses to listen on, as `BindAddress` reads them.
    public var bind = ["127.0.0.1"]
    /// TCP port; 0 takes a free one.
    public var port = 7379
    /// Path of a Unix socket to listen on besides.
    public var unixSocket: String?
    /// Password of the user `default`.
    public var password: String?
    /// Password of the user `admin`; once set, only `admin` may undo and administer.
    public var adminPassword: String?
    /// Refuse to listen beyond loopback without a password.
    public var protectedMode = true
    /// The most memory that entries may take; 0 is no limit.
    public var maximumMemory = 0
    /// How much of that is kept for guarded keys.
    public var guardedReserve = GuardedReserve.quarter
    /// The most connections at once.
    public var maximumClients = 10_000
    /// Keys with this prefix are guarded.
    public var guardedPrefix = "revoked:"
    /// The longest time to live of a guarded key, in seconds.
    public var maximumRevocation: Int64 = 400 * 86_400
    /// The longest argument of a command.
    public var maximumBulk = 1 << 20
    /// The most that may wait for one client to read before it is dropped.
    public var outputLimit = 64 << 20
    /// Reactor threads; 0 is one per core.
    public var threads = 0
    /// How long a reactor that has nothing to do looks for more before it sleeps, in microseconds (epoll only).
    public var spin = 0
    /// What moves the bytes.
    public var transport = TransportKind.platformDefault
    public var logLevel = Logger.Level.info
    /// Where metrics and health are served over HTTP.
    public var http = AdminListening.off
    /// Refuse to serve them beyond loopback.
    public var httpProtectedMode = true
    /// The data directory; nil keeps everything in memory only. One daemon at a time works in it.
    public var directory: String?
    /// Whether writes are logged in ``directory``.
    public var isLogging = true
    /// When the log is made durable.
    public var syncPolicy = SyncPolicy.always
    /// The log is rewritten when it has grown by this many percent since the last time; 0 is never.
    public var rewritePercentage = 100
    /// … and has this size.
    public var rewriteMinimum = 64 << 20
    /// Whether to pass over keys of other types in files of Redis, and count them, instead of failing.
    public var skipsUnsupported = false
    /// Whether guarded time and `TIME` go on with the wall clock from this start: revocations may end by it.
    public var trustsClock = false
    /// What whoever reads the settings has to tell about them.
    public internal(set) var notices: [String] = []

    public init() {}

    /// Where a process serves metrics and health if nobody says otherwise.
    static let defaultHTTP = AdminListening.onIfFree(AdminAddress(host: "127.0.0.1", port: 7380))

    public enum TransportKind: String, Sendable, CaseIterable {
        /// One epoll loop per thread; Linux only.
        case epoll
        /// SwiftNIO, on every platform.
        case nio

        public static var platformDefault: Self {
            #if os(Linux)
                .epoll
            #else
                .nio
            #endif
        }
    }
}

/// Something that keeps the daemon from starting; the message says what to do.
public struct ServerError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable {
        case invalidSetting
        case unprotected
        case addressInUse
        case cannotListen
        case noResources
        /// The data directory cannot be used, or what is in it cannot be read.
        case data
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
