import Testing

@testable import AuthNode

@Suite("The mode that loses revocations")
struct StockGlueSettingTests {
    private func settings(_ glue: String?) -> NodeSettings {
        var settings = NodeSettings()
        (settings.keys, settings.users) = ("keys", "users")
        settings.stockGlue = glue
        return settings
    }

    @Test("Is refused unless it is asked for by what it does", arguments: ["", "true", "yes", "stock", "loses"])
    func refused(_ glue: String) {
        let error = #expect(throws: NodeError.self) { try settings(glue).validate() }
        #expect(error?.message.contains("loses-revocations") == true)
    }

    @Test("Is off by default, and comes by its name only", arguments: [nil, "loses-revocations"])
    func accepted(_ glue: String?) throws {
        #expect(NodeSettings().stockGlue == nil)
        try settings(glue).validate()
    }
}
