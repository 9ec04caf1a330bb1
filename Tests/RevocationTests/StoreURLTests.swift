import TestSupport
import Testing

@testable import Revocation

@Suite struct StoreURLTests {
    private func parse(_ url: String) throws -> (StoreURL.Location, StoreURL.Access) {
        guard case .server(let location, let access) = try StoreURL(url) else {
            throw RevocationError(.invalidURL, "memory")
        }
        return (location, access)
    }

    @Test(arguments: [
        ("redis://127.0.0.1:7379", StoreURL.Location.tcp(host: "127.0.0.1", port: 7379)),
        ("redis://store.example:6379/", .tcp(host: "store.example", port: 6379)),
        ("redis://store.example:6379/0", .tcp(host: "store.example", port: 6379)),
        ("redis://[::1]:6379", .tcp(host: "::1", port: 6379)),
        ("redis+unix:///run/revoked.sock", .unixSocket(path: "/run/revoked.sock")),
        ("redis+unix:///run/a%20b", .unixSocket(path: "/run/a b")),
        ("unix:///run/revoked.sock", .unixSocket(path: "/run/revoked.sock")),
        ("redis+socket:///run/revoked.sock?db=0", .unixSocket(path: "/run/revoked.sock")),
        // Without a port it is everybody's.
        ("redis://store.example", .tcp(host: "store.example", port: 6379)),
        ("redis://[::1]", .tcp(host: "::1", port: 6379)),
        ("redis://[fe80::1%25eth0]:1", .tcp(host: "fe80::1%eth0", port: 1)),
        ("valkey://store.example/0", .tcp(host: "store.example", port: 6379)),
        ("REDIS://Store.Example:1", .tcp(host: "Store.Example", port: 1)),
        ("redis://default@127.0.0.1:1", .tcp(host: "127.0.0.1", port: 1)),
        ("redis://:@127.0.0.1:1", .tcp(host: "127.0.0.1", port: 1)),
        ("redis://h:1?", .tcp(host: "h", port: 1)),
    ])
    func locations(url: String, location: StoreURL.Location) throws {
        let (parsed, access) = try parse(url)
        #expect(parsed == location)
        #expect(access.credentials == nil)
        #expect(access.tls == nil)
    }

    @Test(arguments: [
        ("redis://alice:secret@h:1", "alice", "secret"),
        ("redis://:secret@h:1", nil, "secret"),
        ("redis://alice:p%40ss%3a%2F%25@h:1", "alice", "p@ss:/%"),
        ("redis://alice:p@ss:word@h:1", "alice", "p@ss:word"),
        ("redis+unix://alice:secret@/run/s", "alice", "secret"),
        ("redis://alice@h:1", "alice", ""),
        ("redis://alice:@h:1", "alice", ""),
        ("redis://h:1?username=alice&password=p%26q", "alice", "p&q"),
        ("redis://alice@h:1?password=secret", "alice", "secret"),
        ("redis://alice:secret@h:1?password=secret", "alice", "secret"),
        ("redis://default:secret@h:1", "default", "secret"),
    ])
    func credentials(url: String, user: String?, password: String) throws {
        let credentials = try #require(try parse(url).1.credentials)
        #expect(credentials.user == user.map { Array($0.utf8) })
        #expect(credentials.password == Array(password.utf8))
    }

    @Test func databases() throws {
        #expect(try parse("redis://h:1/0").1.database == 0)
        #expect(try parse("redis://:x@h:1/15").1.database == 15)
        #expect(try parse("redis://h:1?db=3").1.database == 3)
        #expect(try parse("redis://h:1/3?db=3").1.database == 3)
        #expect(try parse("redis+unix:///x?db=3").1.database == 3)
    }

    @Test func encryption() throws {
        #expect(try parse("rediss://h:1").1.tls == StoreTLSConfiguration())
        #expect(
            try parse("rediss://u:p%3f@h:1/2?ca=/a%20b/ca.pem&cert=/c.pem&key=/k.pem&servername=store").1.tls
                == StoreTLSConfiguration(
                    authorities: "/a b/ca.pem", certificate: "/c.pem", key: "/k.pem", serverName: "store"))
    }

    @Test func sentinelsAndClusters() throws {
        guard
            case .sentinel(let sentinels, let name, let access) = try StoreURL(
                "redis+sentinel://u:p@a,b:1,[::1]:2/my%20name/3")
        else { return #expect(Bool(false), "sentinels") }
        #expect(sentinels == [.tcp(host: "a", port: 26_379), .tcp(host: "b", port: 1), .tcp(host: "::1", port: 2)])
        #expect(name == "my name" && access.database == 3 && access.credentials != nil)
        guard case .cluster(let nodes, let settings) = try StoreURL("rediss+cluster://a:1,b?ca=/x") else {
            return #expect(Bool(false), "a cluster")
        }
        #expect(nodes == [.tcp(host: "a", port: 1), .tcp(host: "b", port: 6_379)])
        #expect(settings.tls?.authorities == "/x")
    }

    @Test func memory() throws {
        guard case .memory = try StoreURL("memory:") else { return #expect(Bool(false), "memory: is memory") }
    }

    @Test(arguments: [
        "", "redis", "redis:", "redis://", "http://h:1", "redisx://h:1", "memory", "memory:x", "memory:?db=0",
        "redis:///0", "redis://:6379", "valkeyss://h", "redis:h", "redis://h:", "redis://h:0", "redis://h:65536",
        "redis://h:+1x", "redis://:1", "redis://h:1/x",
        "redis://h:1/-1", "redis://h:1/10000",
        "redis://h:1/0/", "redis://h:1/0?db=1", "redis://h:1?db=x", "redis://h?x:1", "redis://h:1#1", "redis://[h]:1",
        "redis://[fe80::1%25]:1", "redis://h%zz", "redis://h%2F", "redis://a:b@h:1?password=c", "redis://h:1?db=1&db=1",
        "redis://h:1?protocol=4", "redis://h:1?ca=/x", "redis://h:1?servername=x", "redis://::1:6379",
        "redis://[::1:6379", "redis://a b:1",
        "redis://a:%zz@h:1", "redis://a:%4@h:1", "redis+unix://",
        "redis+unix:///", "redis+unix://host/path", "redis+unix:///%00", "redis+unix:///%",
        "rediss+unix:///x", "rediss://h:1?ca", "rediss://h:1?ca=", "rediss://h:1?x=y", "rediss://h:1?cert=/c",
        "redis+sentinel://a", "redis+sentinel://a/", "redis+sentinel:///name", "redis+sentinel://a,,b/name",
        "redis+sentinel://a/name/x", "redis+cluster://", "redis+cluster://a/1", "redis+cluster://a:x",
        "redis+unix:///" + String(repeating: "x", count: 107),
    ])
    func anythingElseIsRefusedWithWhatIsAllowed(url: String) {
        #expect {
            try StoreURL(url)
        } throws: { error in
            let error = error as? RevocationError
            return error?.code == .invalidURL
                && error?.message.contains("redis://[user:password@]host[:port][/database]") == true
        }
    }

    /// What other libraries' URLs hold, from their documentation: it does no harm to ignore.
    @Test(arguments: [
        "protocol=3", "protocol=2", "socket_timeout=5&socket_connect_timeout=5&retry_on_timeout=True",
        "decode_responses=True&encoding=utf-8", "health_check_interval=30", "client_name=web", "max_connections=10",
        "dial_timeout=3&read_timeout=6s&pool_size=20&min_idle_conns=2", "timeout=10s&clientName=x&libraryName=y",
        "family=6", "allowUsernameInURI=true", "persistent=1&read_write_timeout=2", "prefix=", "ssl=false", "tls=0",
    ])
    func whatConcernsOtherLibrariesIsIgnored(query: String) throws {
        #expect(try parse("redis://h:1/0?\(query)").0 == .tcp(host: "h", port: 1))
        #expect(try parse("redis://h:1?\(query)").1.credentials == nil)
    }

    @Test(arguments: [
        "ssl_cert_reqs=required", "ssl_cert_reqs=CERT_REQUIRED", "ssl_check_hostname=true", "skip_verify=false",
        "verifyPeer=FULL", "ssl=true", "ssl_ca_certs=/ca.pem&ssl_certfile=/c.pem&ssl_keyfile=/k.pem",
    ])
    func otherLibrariesWordsForWhatWeDoAnyway(query: String) throws {
        let tls = try #require(try parse("rediss://h:1?\(query)").1.tls)
        #expect(
            tls
                == (query.hasPrefix("ssl_ca")
                    ? StoreTLSConfiguration(authorities: "/ca.pem", certificate: "/c.pem", key: "/k.pem")
                    : StoreTLSConfiguration()))
    }

    /// Less protection than is given, or other keys: never silently.
    @Test(arguments: [
        ("rediss://h?ssl_cert_reqs=none", "ca=FILE"), ("rediss://h?ssl_cert_reqs=CERT_OPTIONAL", "ca=FILE"),
        ("rediss://h?skip_verify=true", "ca=FILE"), ("rediss://h?ssl_check_hostname=false", "ca=FILE"),
        ("rediss://h?verifyPeer=CA", "ca=FILE"), ("rediss://h?verifyPeer=maybe", "ca=FILE"),
        ("redis://h?ssl=true", "rediss"), ("rediss://h?ssl=false", "rediss"), ("redis://h?prefix=app:", "prefix"),
        ("redis+cluster://h?addr=h2:1", "commas"), ("redis://h?sentinelMasterId=m", "redis+sentinel://host/name"),
        ("redis://h?readFrom=replica", "not known"), ("redis://:p?ss@h:1", "%3F"), ("redis://:p#ss@h:1", "%23"),
        ("redis://:p/ss@h:1", "%2F"),
    ])
    func whatCannotBeHonouredIsRefused(url: String, hint: String) {
        let error = #expect(throws: RevocationError.self) { try StoreURL(url) }
        #expect(error?.message.contains(hint) == true, "\(error?.message ?? "")")
    }

    /// Any user, password, host and port, written as a URL, is read as it was.
    @Test func whatIsWrittenIsRead() throws {
        var random = SeededGenerator(seed: 33)
        func encoded(_ bytes: [UInt8]) -> String {
            bytes.map { byte in
                let isPlain = (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
                if isPlain, Bool.random(using: &random) { return String(UnicodeScalar(byte)) }
                let digits = String(byte, radix: 16, uppercase: Bool.random(using: &random))
                return "%" + (digits.utf8.count < 2 ? "0" : "") + digits
            }.joined()
        }
        func bytes(_ counts: ClosedRange<Int>) -> [UInt8] {
            (0..<Int.random(in: counts, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        let hosts = ["h", "store.example", "10.0.0.1", "[::1]", "[2001:db8::1]", "a-b_c.d"]
        let queries = ["", "?", "?protocol=3", "?timeout=5&db=7", "?db=7&client_name=x"]
        for _ in 0..<2_000 {
            let (user, password) = (bytes(1...20), bytes(1...20))
            let (host, port) = (hosts.randomElement(using: &random) ?? "", Int.random(in: 1...65_535, using: &random))
            let query = queries.randomElement(using: &random) ?? ""
            let isEncrypted = Bool.random(using: &random)
            let scheme = ["redis", "valkey"].randomElement(using: &random) ?? ""
            let url =
                "\(scheme)\(isEncrypted ? "s" : "")://\(encoded(user)):\(encoded(password))@\(host):\(port)\(query)"
            let (location, access) = try parse(url)
            #expect(location == .tcp(host: host.filter { $0 != "[" && $0 != "]" }, port: port))
            #expect(access.credentials?.user == user && access.credentials?.password == password)
            #expect(access.database == (query.contains("db=7") ? 7 : 0))
            #expect((access.tls != nil) == isEncrypted)
        }
    }

    /// Whatever is wrong with a URL, the error does not show what may be a password.
    @Test func noErrorShowsWhatWasWritten() {
        var random = SeededGenerator(seed: 34)
        let pieces = [
            "redis", "rediss", "valkey", "+unix", "+sentinel", "+cluster", "://", ":", "@", "/", "?", "#", "&", "=",
            ",", "[",
            "]", "%", "%41", "hunter2", "h", "::1", "6379", "db", "ca", "\u{0}", "ü", " ",
        ]
        var refused = 0
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...9, using: &random)
            let url = "redis" + (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            do {
                _ = try StoreURL(url)
            } catch {
                refused += 1
                #expect(!String(reflecting: error).contains("hunter2"))
            }
        }
        #expect(refused > 10_000)
    }

    @Test func nothingShowsThePassword() throws {
        let url = try StoreURL("redis://alice:hunter2@h:1")
        var dumped = ""
        dump(url, to: &dumped)
        for text in ["\(url)", String(reflecting: url), dumped] {
            #expect(!text.contains("hunter2") && !text.contains("104") && !text.contains("alice"))
        }
        let error = #expect(throws: RevocationError.self) { try StoreURL("redis://alice:hunter2@h:1/x") }
        #expect(error.map { String(reflecting: $0).contains("hunter2") } == false)
    }
}
