import Testing

@testable import AuthNode

@Suite struct ClientNetworkTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1:80"), ("192.0.2.1", "::ffff:192.0.2.1"), ("192.0.2.1", "64:ff9b::192.0.2.1"),
        ("192.0.2.1", "[::ffff:c000:201]:443"), ("192.0.2.1", "2002:c000:201:7::1"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"), ("2001:db8:1:2::1", "[2001:DB8:1:2::]:1"),
        ("fe80::1", "fe80::2%eth0"), ("unknown", "unknown"),
    ])
    func theSameNetwork(one: String, other: String) {
        #expect(ClientNetwork(one) == ClientNetwork(other))
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.2"), ("2001:db8:1:2::1", "2001:db8:1:3::1"),
        ("64:ff9b::192.0.2.1", "64:ff9b::192.0.2.2"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2"), ("::1", "192.0.2.1"), ("unknown", "hidden"),
        ("::1", "::ffff:0.0.0.1"),
    ])
    func anotherNetwork(one: String, other: String) {
        #expect(ClientNetwork(one) != ClientNetwork(other))
    }
}
