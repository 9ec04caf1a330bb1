extension StoreURL {
    /// A URL behind its scheme, in pieces: `[user:password@]addresses[/path][?query]`.
    struct Parts {
        /// The longest path of a Unix socket in bytes (`sockaddr_un`, without its final zero).
        private static let maximumPathBytes = 107
        private static let maximumDatabase = 9_999

        private let addresses: Substring
        /// With its slash.
        private let path: Substring
        private var access: Access

        init(_ text: Substring, isEncrypted: Bool) throws(RevocationError) {
            let question = isEncrypted ? text.firstIndex(of: "?") : nil
            let query = question.map { text[text.index(after: $0)...] }
            let rest = text[..<(question ?? text.endIndex)]
            let slash = rest.firstIndex(of: "/") ?? rest.endIndex
            let authority = rest[..<slash]
            path = rest[slash...]
            let at = authority.lastIndex(of: "@")
            addresses = at.map { authority[authority.index(after: $0)...] } ?? authority
            access = Access(
                credentials: try at.map { at throws(RevocationError) in try Self.credentials(authority[..<at]) })
            if isEncrypted { access.tls = try Self.settings(query) }
        }

        func tcp() throws(RevocationError) -> StoreURL {
            .server(try Self.location(addresses, defaultPort: nil), try access(database: path))
        }

        func unixSocket() throws(RevocationError) -> StoreURL {
            guard addresses.isEmpty, path.utf8.count > 1, let path = Self.percentDecoded(path) else {
                throw invalid("a Unix socket needs an absolute path")
            }
            guard path.count <= Self.maximumPathBytes, !path.contains(0) else {
                throw invalid("the path of a Unix socket has at most \(Self.maximumPathBytes) bytes, none of them zero")
            }
            return .server(.unixSocket(path: String(decoding: path, as: UTF8.self)), access)
        }

        func sentinel() throws(RevocationError) -> StoreURL {
            let parts = path.dropFirst().split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first.flatMap({ Self.percentDecoded($0) }), !name.isEmpty else {
                throw invalid("sentinels need the name of a primary")
            }
            return .sentinel(
                try locations(defaultPort: 26_379), name: String(decoding: name, as: UTF8.self),
                try access(database: parts.count > 1 ? "/" + parts[1] : ""))
        }

        func cluster() throws(RevocationError) -> StoreURL {
            guard path.isEmpty || path == "/" || path == "/0" else { throw invalid("a cluster has one database, 0") }
            return .cluster(try locations(defaultPort: 6_379), access)
        }

        private func access(database path: Substring) throws(RevocationError) -> Access {
            var access = access
            let text = path.dropFirst()
            guard text.isEmpty || text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let database = text.isEmpty ? 0 : Int(text), database <= Self.maximumDatabase
            else { throw invalid("a database is a number, and nothing comes behind it") }
            access.database = database
            return access
        }

        private func locations(defaultPort: Int) throws(RevocationError) -> [Location] {
            var locations: [Location] = []
            for address in addresses.split(separator: ",", omittingEmptySubsequences: false) {
                locations.append(try Self.location(address, defaultPort: defaultPort))
            }
            return locations
        }

        private static func credentials(_ pair: Substring) throws(RevocationError) -> Credentials {
            guard let colon = pair.firstIndex(of: ":") else {
                throw invalid("credentials are user:password or :password")
            }
            guard let user = percentDecoded(pair[..<colon]),
                let password = percentDecoded(pair[pair.index(after: colon)...])
            else { throw invalid("a % in user or password is followed by two hexadecimal digits") }
            guard !password.isEmpty else { throw invalid("the password is empty") }
            return Credentials(user: user.isEmpty ? nil : user, password: password)
        }

        private static func settings(_ query: Substring?) throws(RevocationError) -> TLSSettings {
            var settings = TLSSettings()
            for pair in query?.split(separator: "&") ?? [] {
                let equals = pair.firstIndex(of: "=") ?? pair.endIndex
                guard let bytes = percentDecoded(pair[equals...].dropFirst()), !bytes.isEmpty else {
                    throw invalid("a setting of TLS is name=value")
                }
                let value = String(decoding: bytes, as: UTF8.self)
                switch pair[..<equals] {
                case "ca": settings.authorities = value
                case "cert": settings.certificate = value
                case "key": settings.key = value
                case "servername": settings.serverName = value
                default: throw invalid("a setting of TLS is one of ca, cert, key and servername")
                }
            }
            guard (settings.certificate == nil) == (settings.key == nil) else {
                throw invalid("cert and key belong together")
            }
            return settings
        }

        private static func location(_ address: Substring, defaultPort: Int?) throws(RevocationError) -> Location {
            var (host, port) = (address, defaultPort)
            if let colon = address.lastIndex(of: ":"), address.last != "]" {
                host = address[..<colon]
                let text = address[address.index(after: colon)...]
                port = text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
            }
            guard let port, (1...65_535).contains(port) else { throw invalid("a port, 1 to 65535, must be given") }
            if host.first == "[" {
                guard host.last == "]" else { throw invalid("an IPv6 address stands in [ ]") }
                host = host.dropFirst().dropLast()
            } else if host.contains(":") {
                throw invalid("an IPv6 address stands in [ ]")
            }
            guard !host.isEmpty,
                host.utf8.allSatisfy({
                    (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#")
                })
            else { throw invalid("a host must be given") }
            return .tcp(host: String(host), port: port)
        }

        /// - Returns: nil if a `%` is not followed by two hexadecimal digits.
        private static func percentDecoded(_ text: Substring) -> [UInt8]? {
            var bytes: [UInt8] = []
            var rest = Array(text.utf8)[...]
            while let byte = rest.popFirst() {
                guard byte == UInt8(ascii: "%") else {
                    bytes.append(byte)
                    continue
                }
                guard let high = rest.popFirst().flatMap(hexadecimal), let low = rest.popFirst().flatMap(hexadecimal)
                else { return nil }
                bytes.append(high << 4 | low)
            }
            return bytes
        }

        private static func hexadecimal(_ byte: UInt8) -> UInt8? {
            Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init)
        }

        private static func invalid(_ why: String) -> RevocationError { StoreURL.invalid(why) }
        private func invalid(_ why: String) -> RevocationError { StoreURL.invalid(why) }
    }
}
