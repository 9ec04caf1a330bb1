import NIOCore

extension StoreURL {
    /// The parts of a URL behind its scheme: `[user:password@]addresses[/path][?query]`.
    struct Parts {
        /// The longest path of a Unix socket in bytes (`sockaddr_un`, without its final zero).
        private static let maximumPathBytes = 107
        private static let maximumDatabase = 9_999
        /// The default port of other libraries.
        private static let defaultPort = 6_379

        private let addresses: Substring
        /// With its slash.
        private let path: Substring
        private let query: Query
        private var access: Access

        init(_ text: Substring, isEncrypted: Bool) throws(RevocationError) {
            guard !text.contains("#") else {
                throw StoreURL.invalid("# has no meaning here; in a password it is written %23")
            }
            let question = text.firstIndex(of: "?") ?? text.endIndex
            query = try Query(text[question...].dropFirst(), isEncrypted: isEncrypted)
            let rest = text[..<question]
            let slash = rest.firstIndex(of: "/") ?? rest.endIndex
            let authority = rest[..<slash]
            path = rest[slash...]
            let at = authority.lastIndex(of: "@")
            addresses = at.map { authority[authority.index(after: $0)...] } ?? authority
            access = Access(credentials: try Self.credentials(at.map { authority[..<$0] } ?? "", query))
            access.tls = query.tls
            access.checks = query.checks
        }

        func tcp() throws(RevocationError) -> StoreURL {
            .server(try Self.location(addresses, defaultPort: Self.defaultPort), try access(database: path))
        }

        func unixSocket() throws(RevocationError) -> StoreURL {
            guard addresses.isEmpty, path.utf8.count > 1, let path = Self.decoded(path) else {
                throw invalid("a Unix socket needs an absolute path")
            }
            guard path.count <= Self.maximumPathBytes, !path.contains(0), String(validating: path, as: UTF8.self) != nil
            else {
                throw invalid(
                    "the path of a Unix socket is UTF-8 of at most \(Self.maximumPathBytes) bytes, none of them zero")
            }
            return .server(.unixSocket(path: String(decoding: path, as: UTF8.self)), try access(database: ""))
        }

        func sentinel() throws(RevocationError) -> StoreURL {
            let parts = path.dropFirst().split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first.flatMap({ Self.decoded($0) }), !name.isEmpty,
                let name = String(validating: name, as: UTF8.self)
            else { throw invalid("sentinels need the name of a primary") }
            return .sentinel(
                try locations(defaultPort: 26_379), name: name,
                try access(database: parts.count > 1 ? "/" + parts[1] : ""))
        }

        func cluster() throws(RevocationError) -> StoreURL {
            let access = try access(database: path)
            guard access.database == 0 else { throw invalid("a cluster has one database, 0") }
            return .cluster(try locations(defaultPort: Self.defaultPort), access)
        }

        private func access(database path: Substring) throws(RevocationError) -> Access {
            var access = access
            let numbers = [path.dropFirst(), query.database.map { $0[...] } ?? ""].filter { !$0.isEmpty }
            guard numbers.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } && $0.utf8.count <= 4 })
            else { throw invalid("a database is a number up to \(Self.maximumDatabase), and nothing comes behind it") }
            let databases = Set(numbers.compactMap { Int($0) })
            guard databases.count <= 1 else { throw invalid("path and query name different databases") }
            access.database = databases.first ?? 0
            return access
        }

        private func locations(defaultPort: Int) throws(RevocationError) -> [Location] {
            var locations: [Location] = []
            for address in addresses.split(separator: ",", omittingEmptySubsequences: false) {
                locations.append(try Self.location(address, defaultPort: defaultPort))
            }
            return locations
        }

        /// - Parameter pair: `user:password`, `:password`, `user` or nothing.
        private static func credentials(_ pair: Substring, _ query: Query) throws(RevocationError) -> Credentials? {
            let colon = pair.firstIndex(of: ":") ?? pair.endIndex
            guard let user = decoded(pair[..<colon]), let password = decoded(pair[colon...].dropFirst()) else {
                throw invalid("a % in user or password is followed by two hexadecimal digits")
            }
            func single(_ given: [UInt8], _ queried: [UInt8]?) throws(RevocationError) -> [UInt8] {
                guard let queried, !queried.isEmpty, queried != given else { return given }
                guard given.isEmpty else { throw invalid("user and password are given twice, and differ") }
                return queried
            }
            let (name, secret) = (try single(user, query.user), try single(password, query.password))
            // Every connection begins as the default user.
            if secret.isEmpty, name.isEmpty || name == Array("default".utf8) { return nil }
            return Credentials(user: name.isEmpty ? nil : name, password: secret)
        }

        private static func location(_ address: Substring, defaultPort: Int) throws(RevocationError) -> Location {
            var (host, port) = (address, defaultPort)
            if let colon = address.lastIndex(of: ":"), address.last != "]" {
                host = address[..<colon]
                let text = address[address.index(after: colon)...]
                guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text),
                    (1...65_535).contains(number)
                else { throw invalid("a port is 1 to 65535; in a password / ? # @ are written %2F %3F %23 %40") }
                port = number
            }
            guard let bytes = decoded(host), let name = String(validating: bytes, as: UTF8.self) else {
                throw invalid("a % in a host is followed by two hexadecimal digits")
            }
            if name.first == "[" { return .tcp(host: try sixthVersion(name), port: port) }
            guard !name.isEmpty, name.utf8.allSatisfy({ isOfName($0) }) else {
                throw invalid("a host must be given; an IPv6 address stands in [ ]")
            }
            return .tcp(host: name, port: port)
        }

        /// An IPv6 address in `[ ]`, perhaps with a zone (RFC 6874).
        private static func sixthVersion(_ name: String) throws(RevocationError) -> String {
            let address = name.dropFirst().dropLast()
            let zone = address.firstIndex(of: "%") ?? address.endIndex
            guard name.last == "]", address[zone...].utf8.count != 1,
                address[zone...].dropFirst().utf8.allSatisfy({ isOfName($0) }),
                case .v6? = try? SocketAddress(ipAddress: String(address[..<zone]), port: 0)
            else { throw invalid("an IPv6 address stands in [ ]") }
            return String(address)
        }

        private static func isOfName(_ byte: UInt8) -> Bool {
            (0x21...0x7E).contains(byte) && !"/?#@:[]%,".utf8.contains(byte)
        }

        /// - Returns: nil if a `%` is not followed by two hexadecimal digits.
        static func decoded(_ text: Substring) -> [UInt8]? {
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
            byte < 0x80 ? Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init) : nil
        }

        private static func invalid(_ why: String) -> RevocationError { StoreURL.invalid(why) }
        private func invalid(_ why: String) -> RevocationError { StoreURL.invalid(why) }
    }
}
