import Testing

@testable import Lab

@Suite struct TextTableTests {
    @Test func columnsAreAsWideAsTheirWidestCell() {
        var table = TextTable(["what", "µs"])
        table.add(["EXISTS", "1"])
        table.add(["GET", "12.5"])
        #expect(
            table.text == """
                | what   |   µs |
                | ------ | ---: |
                | EXISTS |    1 |
                | GET    | 12.5 |

                """)
    }
}
