import Settings
import Testing

@Suite struct MemorySizeTests {
    @Test(arguments: [
        ("0", 0), ("100", 100), ("100b", 100), ("1k", 1000), ("1kb", 1024), ("1m", 1_000_000), ("1mb", 1 << 20),
        ("2G", 2_000_000_000), ("2GB", 2 << 30), ("3Kb", 3072),
    ])
    func sizes(_ text: String, _ bytes: Int) { #expect(MemorySize.parse(text) == bytes) }

    @Test(arguments: [
        "", "b", "mb", "-1", "+1", "1.5mb", "1 mb", "1tb", "99999999999gb", "9223372036854775808", "1mbx", "１",
    ])
    func notSizes(_ text: String) { #expect(MemorySize.parse(text) == nil) }

    @Test(arguments: [
        (0, "0B"), (1023, "1023B"), (1024, "1.00K"), (1536, "1.50K"), (1 << 20, "1.00M"), (1_090_519, "1.04M"),
        (1 << 30, "1.00G"),
    ])
    func forPeople(_ bytes: Int, _ text: String) { #expect(MemorySize.describe(bytes) == text) }

    @Test(arguments: [(0, "0"), (1023, "1023"), (1024, "1kb"), (64 << 20, "64mb"), (2 << 30, "2gb"), (1_500, "1500")])
    func forConfigurations(_ bytes: Int, _ text: String) {
        #expect(MemorySize.text(bytes) == text)
        #expect(MemorySize.parse(text) == bytes)
    }
}
