/// Text for HTML and SVG.
enum Markup {
    /// A value that came from outside, so that it is read as text and nothing else, in content and in attributes.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// A table; its cells are escaped here. The first column is text, the others are numbers unless said otherwise.
    static func table(_ header: [String], _ rows: [[String]], isNumeric: Bool = true) -> String {
        func row(_ cells: [String], _ tag: String) -> String {
            "<tr>"
                + cells.enumerated().map { column, cell in
                    let kind = isNumeric && column > 0 ? " class=\"number\"" : ""
                    return "<\(tag)\(kind)>\(escaped(cell))</\(tag)>"
                }.joined() + "</tr>\n"
        }
        let head = header.isEmpty ? "" : "<thead>\(row(header, "th"))</thead>\n"
        return
            "<div class=\"scroll\"><table>\(head)<tbody>\n\(rows.map { row($0, "td") }.joined())</tbody></table></div>\n"
    }
}
