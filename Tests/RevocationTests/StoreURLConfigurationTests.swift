import Testing

@testable import Revocation

/// What a configuration adds to a URL.
@Suite struct StoreURLConfigurationTests {
    private func access(
        _ url: String, password: String? = nil, tls: StoreTLSConfiguration = .init()
    ) throws -> StoreURL.Access {
        var configuration = RevocationConfiguration()
        configuration.password = password
        configuration.tls = tls
        switch try StoreURL(url, configuration) {
        case .server(_, let access), .sentinel(_, _, let access), .cluster(_, let access): return access
        case .memory: return .init()
        }
    }

    private func refusal(
        _ url: String, password: String? = nil, tls: StoreTLSConfiguration = .init()
    ) -> String {
        let error = #expect(throws: RevocationError.self) { try access(url, password: password, tls: tls) }
        #expect(error?.code == .invalidConfiguration)
        return error?.message ?? ""
    }

    @Test(arguments: ["redis://node@h", "redis+sentinel://node@h/name", "redis+cluster://node@h"])
    func thePasswordIsThatOfItsUser(url: String) throws {
        let credentials = try #require(try access(url, password: "hunter2").credentials)
        #expect(credentials.user.map { String(decoding: $0, as: UTF8.self) } == "node")
        #expect(credentials.password == Array("hunter2".utf8))
    }

    @Test func noDescriptionShowsThePassword() {
        var configuration = RevocationConfiguration()
        configuration.password = "hunter2"
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(configuration.password == "hunter2" && !dumped.isEmpty)
        #expect(!("\(configuration) \(String(reflecting: configuration))" + dumped).contains("hunter2"))
    }

    @Test func withoutAUserThePasswordIsTheDefaultUsers() throws {
        let credentials = try #require(try access("redis://h", password: "hunter2").credentials)
        #expect(credentials.user == nil && credentials.password == Array("hunter2".utf8))
    }

    @Test func filesForTLSAreAddedToThoseOfTheQuery() throws {
        let tls = try access(
            "rediss://h?ca=/ca", tls: .init(certificate: "/cert", key: "/key", serverName: "store.example")
        ).tls
        #expect(
            tls == .init(authorities: "/ca", certificate: "/cert", key: "/key", serverName: "store.example"))
    }

    @Test func whatIsGivenTwiceIsRefused() {
        #expect(refusal("redis://:a@h", password: "b").contains("password is given by the URL and besides"))
        #expect(refusal("rediss://h?ca=/a", tls: .init(authorities: "/b")).contains("given by the URL and besides"))
    }

    /// Otherwise the user who gave the files would believe that the connection is encrypted.
    @Test func filesForTLSNeedAURLThatAsksForIt() {
        #expect(refusal("redis://h", tls: .init(authorities: "/ca")).contains("begin it with rediss://"))
        #expect(refusal("memory:", tls: .init(authorities: "/ca")).contains("no TLS"))
        #expect(refusal("memory:", password: "a").contains("no password"))
    }

    @Test func aCertificateNeedsItsKey() {
        #expect(refusal("rediss://h", tls: .init(certificate: "/cert")).contains("belong together"))
        #expect(refusal("rediss://h", tls: .init(key: "/key")).contains("belong together"))
    }
}
