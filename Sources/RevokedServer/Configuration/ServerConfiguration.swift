package import AdminHTTP
package import Logging
package import Persistence

/// How a daemon runs. Its settings are described in the table ``settings``; sizes in bytes.
package struct ServerConfiguration: Sendable {
    package var bind = ["127.0.0.1"]
    package var port = 7379
    package var unixSocket: String?
    /// Of the user `default`.
    package var password: String?
    package var adminPassword: String?
    package var protectedMode = true
    package var maximumMemory = 0
    package var guardedReserve = GuardedReserve.quarter
    package var maximumClients = 10_000
    package var guardedPrefix = "revoked:"
    /// In seconds.
    package var maximumRevocation: Int64 = 400 * 86_400
    package var maximumBulk = 1 << 20
    package var outputLimit = 64 << 20
    package var threads = 0
    package var spin = 0
    package var transport = TransportKind.available[0]
    package var logLevel = Logger.Level.info
    package var http = AdminListening.off
    package var httpProtectedMode = true
    /// The data directory; nil keeps everything in memory only. One daemon at a time works in it.
    package var directory: String?
    package var isLogging = true
    package var syncPolicy = SyncPolicy.always
    package var rewritePercentage = 100
    package var rewriteMinimum = 64 << 20
    package var skipsUnsupported = false
    package var trustsClock = false
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
