extension StoreURL {
    /// The query of a store's URL, as redis-py, go-redis, lettuce, ioredis, redis-rb and others write it.
    ///
    /// Settings that concern only the other library are ignored: its time-outs, its pool, its encoding. Settings that
    /// ask for less protection, or for other keys, are errors. So are unknown settings, which might ask for either.
    /// Case, `_` and `-` in names are ignored.
    struct Query {
        private(set) var tls: StoreTLSConfiguration?
        private(set) var database: String?
        private(set) var user: [UInt8]?
        private(set) var password: [UInt8]?
        private(set) var checks = RevocationConfiguration.Checks.asked

        init(_ text: Substring, isEncrypted: Bool) throws(RevocationError) {
            if isEncrypted { tls = StoreTLSConfiguration() }
            var names: Set<String> = []
            for pair in text.split(separator: "&") {
                let equals = pair.firstIndex(of: "=") ?? pair.endIndex
                let name = pair[..<equals].lowercased().filter { $0 != "_" && $0 != "-" }
                guard let bytes = Parts.decoded(pair[equals...].dropFirst()),
                    let value = String(validating: bytes, as: UTF8.self)
                else { throw StoreURL.invalid("a setting is name=value, percent-encoded UTF-8") }
                guard let meaning = Self.meanings[name] else {
                    throw StoreURL.invalid(
                        """
                        a setting behind ? is not known; known are ca, cert, key, servername, db, protocol and checks; in \
                        a password ? is written %3F
                        """)
                }
                guard names.insert("\(meaning)").inserted || meaning == .foreign else {
                    throw StoreURL.invalid("a setting of its query is given twice")
                }
                try set(meaning, value)
            }
            guard (tls?.certificate == nil) == (tls?.key == nil) else {
                throw StoreURL.invalid("cert and key belong together")
            }
        }

        private mutating func set(_ meaning: Meaning, _ value: String) throws(RevocationError) {
            switch meaning {
            case .foreign: break
            case .authorities: try setTLS(\.authorities, value)
            case .certificate: try setTLS(\.certificate, value)
            case .key: try setTLS(\.key, value)
            case .serverName: try setTLS(\.serverName, value)
            case .database: database = value
            case .user: user = Array(value.utf8)
            case .password: password = Array(value.utf8)
            case .checks:
                guard ["local", "asked"].contains(value.lowercased()) else {
                    throw StoreURL.invalid("checks is local or asked")
                }
                if value.lowercased() == "local" { checks = .localByDefault }
            case .version:
                guard ["2", "3", "resp2", "resp3"].contains(value.lowercased()) else {
                    throw StoreURL.invalid("protocol is 2 or 3")
                }
            case .encryption:
                guard Self.truth(value) == (tls != nil) else {
                    throw StoreURL.invalid("TLS is asked for by the scheme, rediss, and by nothing else")
                }
            case .verification:
                guard Self.truth(value) == true else { throw Self.unverified }
            case .noVerification:
                guard Self.truth(value) == false else { throw Self.unverified }
            case .prefix:
                guard value.isEmpty else {
                    throw StoreURL.invalid("the keys' names are the same for everybody: a prefix cannot be set here")
                }
            case .addresses: throw StoreURL.invalid("further nodes stand behind the first, after commas")
            case .primary: throw StoreURL.invalid("the name of a primary is the path: redis+sentinel://host/name")
            }
        }

        private static let unverified = StoreURL.invalid(
            """
            it asks not to verify the store's certificate, so that anybody could answer for it: trust its authority \
            instead, with ca=FILE, or name it, with servername=NAME
            """)

        private mutating func setTLS(
            _ setting: WritableKeyPath<StoreTLSConfiguration, String?>, _ value: String
        ) throws(RevocationError) {
            guard tls != nil else { throw StoreURL.invalid("ca, cert, key and servername need TLS: rediss") }
            guard !value.isEmpty else { throw StoreURL.invalid("a setting of TLS is empty") }
            tls?[keyPath: setting] = value
        }

        /// - Returns: nil for any other word.
        private static func truth(_ value: String) -> Bool? {
            switch value.lowercased() {
            case "true", "yes", "1", "on", "required", "cert_required", "full", "verify_peer": true
            case "false", "no", "0", "off", "none", "cert_none", "optional", "cert_optional", "ca": false
            default: nil
            }
        }
    }
}

extension StoreURL.Query {
    private enum Meaning {
        /// Concerns only the library that it was written for.
        case foreign
        case authorities, certificate, key, serverName
        case database, user, password, version, checks
        /// Whether to speak TLS.
        case encryption
        /// Whether to verify the store's certificate, or its name.
        case verification, noVerification
        case prefix, addresses, primary
    }

    private static let meanings: [String: Meaning] = {
        let names: [(Meaning, String)] = [
            (.authorities, "ca sslcacerts sslcafile cafile"), (.certificate, "cert sslcertfile sslcert"),
            (.key, "key sslkeyfile sslkey"), (.serverName, "servername sslservername"),
            (.database, "db database dbindex"), (.user, "user username"), (.password, "password auth"),
            (.version, "protocol"), (.checks, "checks"), (.encryption, "ssl tls usetls"),
            (.verification, "sslcertreqs sslcheckhostname verifypeer verifypeername sslverifymode"),
            (.noVerification, "skipverify insecureskipverify insecure tlsinsecure"),
            (.prefix, "prefix keyprefix"), (.addresses, "addr"),
            (.primary, "mastername sentinelmaster sentinelmasterid servicename"),
            // redis-py and Celery
            (
                .foreign,
                """
                sockettimeout socketconnecttimeout socketkeepalive retryontimeout maxconnections healthcheckinterval \
                decoderesponses encoding encodingerrors clientname libname libversion timeout singleconnectionclient
                """
            ),
            // go-redis
            (
                .foreign,
                """
                dialtimeout readtimeout writetimeout maxretries minretrybackoff maxretrybackoff poolsize poolfifo \
                pooltimeout minidleconns maxidleconns maxactiveconns connmaxidletime connmaxlifetime idletimeout maxconnage \
                contexttimeoutenabled disableidentity disableindentity identitysuffix
                """
            ),
            // lettuce, ioredis, redis-rb, predis and others of PHP
            (
                .foreign,
                """
                libraryname family allowusernameinuri connecttimeout commandtimeout keepalive reconnectattempts persistent \
                persistentid readwritetimeout retryinterval tcpkeepalive tcpnodelay weight alias lazy async
                """
            ),
        ]
        var meanings: [String: Meaning] = [:]
        for (meaning, list) in names {
            for name in list.split(separator: " ") { meanings[String(name)] = meaning }
        }
        return meanings
    }()
}
