import Testing

@testable import RevokedServer

@Suite struct BindAddressTests {
    @Test func aDashSaysThatItMayBeMissing() {
        #expect(BindAddress("127.0.0.1").host == "127.0.0.1" && !BindAddress("127.0.0.1").isOptional)
        #expect(BindAddress("-::1").host == "::1" && BindAddress("-::1").isOptional && BindAddress("-::1").isLoopback)
        #expect(BindAddress("*").wildcard == .ipv4 && BindAddress("-::*").wildcard == .ipv6)
        #expect(BindAddress("0.0.0.0").wildcard == nil && !BindAddress("-*").isLoopback)
    }
}
