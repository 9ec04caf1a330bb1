package import AdminHTTP
package import Logging
package import Persistence
package import ProcessOutput
package import TLS

/// How a daemon runs. Its settings are described in the table ``settings``; sizes in bytes.
package struct ServerConfiguration: Sendable {
    package var bind = ["127.0.0.1"]
    /// 0 for a free one; for none where there is another way in.
    package var port = 7379
    /// 0 for a free one; nil for none.
    package var tlsPort: Int?
    package var tls = ServerTLSConfiguration(clientCertificates: .yes)
    package var unixSocket: String?
    /// Of the user `default`.
    package var password: String?
    package var adminPassword: String?
    package var readerPassword: String?
    package var writerPassword: String?
    package var operatorPassword: String?
    package var replicaPassword: String?
    package var followerPassword: String?
    /// Where users stand besides.
    package var userFile: String?
    package var denialLogLength = 128
    /// In microseconds; below 0: none.
    package var slowLogThreshold = 10_000
    package var slowLogLength = 128
    package var protectedMode = true
    /// Whether `DEBUG` is executed.
    package var enablesDebug = false
    package var maximumMemory = 0
    package var guardedReserve = GuardedReserve.quarter
    package var maximumClients = 10_000
    /// In seconds; 0: idle connections stay.
    package var idleTimeout = 0
    package var guardedPrefix = "revoked:"
    /// In seconds.
    package var maximumRevocation: Int64 = 400 * 86_400
    package var maximumBulk = 16 << 20
    package var outputLimit = 64 << 20
    package var subscriberLimit = SubscriberLimit()
    package var maximumSubscriptions = 10_000
    package var notifiedEvents: NotifiedEvents = []
    package var maximumTrackedKeys = 1_000_000
    /// Of a follower, in milliseconds; 0: none is granted.
    package var lease = 300
    /// How many hold a lease, at most.
    package var maximumFollowers = 64
    package var threads = 0
    package var spin = 0
    package var transport = TransportKind.available[0]
    package var logLevel = Logger.Level.info
    package var logFormat = LogFormat.text
    package var http = AdminListening.off
    /// The daemon that is followed, as a URL, which may hold a password; nil: this is a daemon itself.
    package var follow: String?
    package var followPassword: String?
    package var httpProtectedMode = true
    /// The data directory; nil keeps everything in memory only. One daemon at a time works in it.
    package var directory: String?
    package var isLogging = true
    package var syncPolicy = SyncPolicy.always
    package var rewritePercentage = 100
    package var rewriteMinimum = 64 << 20
    package var skipsUnsupported = false
    package var trustsClock = false
    /// The URL of a stock server whose keys are imported; nil for none. It may hold a password.
    package var importURL: String?
    package var importPassword: String?
    package var warnings: [String] = []

    package init() {}

    /// Whether a port speaks TLS.
    var needsCertificate: Bool { tlsPort != nil || http.isEncrypted }

    /// Whether plain text is spoken on a TCP port.
    var servesPlainPort: Bool { port > 0 || (tlsPort == nil && unixSocket == nil) }

    /// The first address beyond loopback where anyone who reaches it could do everything, for neither a password nor a
    /// certificate is asked for.
    func unprotectedHost(isPasswordRequired: Bool) -> String? {
        guard !isPasswordRequired else { return nil }
        // A certificate that has to be shown is as good as a password.
        guard servesPlainPort || (tlsPort != nil && tls.clientCertificates != .yes) else { return nil }
        return bind.first { !BindAddress($0).isLoopback }
    }

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
