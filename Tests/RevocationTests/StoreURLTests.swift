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
    ])
    func credentials(url: String, user: String?, password: String) throws {
        let credentials = try #require(try parse(url).1.credentials)
        #expect(credentials.user == user.map { Array($0.utf8) })
        #expect(credentials.password == Array(password.utf8))
    }

    @Test func databases() throws {
        #expect(try parse("redis://h:1/0").1.database == 0)
        #expect(try parse("redis://:x@h:1/15").1.database == 15)
    }

    @Test func encryption() throws {
        #expect(try parse("rediss://h:1").1.tls == TLSSettings())
        #expect(
            try parse("rediss://u:p%3f@h:1/2?ca=/a%20b/ca.pem&cert=/c.pem&key=/k.pem&servername=store").1.tls
                == TLSSettings(authorities: "/a b/ca.pem", certificate: "/c.pem", key: "/k.pem", serverName: "store"))
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
        "", "redis", "redis:", "redis://", "http://h:1", "redisx://h:1", "REDIS://h:1", "memory", "memory:x",
        "redis://h", "redis://h:", "redis://h:0", "redis://h:65536", "redis://h:+1x", "redis://:1", "redis://h:1/x",
        "redis://h:1/-1", "redis://h:1/10000",
        "redis://h:1/0/", "redis://h:1?db=1", "redis://h?x:1", "redis://::1:6379", "redis://[::1:6379", "redis://a b:1",
        "redis://alice@h:1", "redis://alice:@h:1", "redis://a:%zz@h:1", "redis://a:%4@h:1", "redis+unix://",
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
                && error?.message.contains("redis://[user:password@]host:port[/database]") == true
        }
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
