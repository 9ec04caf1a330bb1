/// Groups of horizontal bars as one SVG picture that needs nothing from outside. Each bar has its name and its figure.
struct BarChart {
    struct Bar {
        let name: String
        let value: Double
        /// Whether it is ours, which has a colour of its own.
        var isOurs = false
    }

    struct Group {
        let name: String
        let bars: [Bar]
    }

    private static let width = 720.0
    private static let margin = 20.0
    /// Where groups' names end, and where bars begin.
    private static let (groupEnd, origin) = (112.0, 224.0)
    /// Room for the figure behind the longest bar.
    private static let figureWidth = 90.0
    private static let (barHeight, barStep, groupGap) = (18.0, 23.0, 14.0)
    private static let firstBar = 76.0

    let title: String
    let subtitle: String
    /// Follows each figure.
    let unit: String
    let groups: [Group]

    /// Light and dark: text has a contrast of at least 4.5 on its ground, bars of 3.
    private static let style = """
        .ground { fill: #ffffff; stroke: #d5dae0; }
        text { fill: #1b2129; font: 13px system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
        .title { font-size: 17px; font-weight: 700; } .subtitle { fill: #56616e; font-size: 12px; }
        .group, .figure { font-weight: 700; } .name, .group { text-anchor: end; }
        .bar { fill: #66717d; } .ours { fill: #1d63c4; }
        @media (prefers-color-scheme: dark) {
        .ground { fill: #181d24; stroke: #3a434f; } text { fill: #e8ecf1; } .subtitle { fill: #a3aebb; }
        .bar { fill: #9aa5b1; } .ours { fill: #70a9ff; }
        }
        """

    var svg: String {
        let longest = max(groups.flatMap(\.bars).map(\.value).max() ?? 0, .leastNonzeroMagnitude)
        var (body, top) = ("", Self.firstBar)
        for group in groups {
            let middle = top + (Double(group.bars.count - 1) * Self.barStep + Self.barHeight) / 2
            body += text("group", Self.groupEnd, middle, group.name)
            for bar in group.bars {
                let length = max(1, bar.value / longest * (Self.width - Self.origin - Self.figureWidth))
                let middle = top + Self.barHeight / 2
                body += text("name", Self.origin - 8, middle, bar.name)
                body += """
                    <rect class="bar\(bar.isOurs ? " ours" : "")" x="\(number(Self.origin))" y="\(number(top))" \
                    width="\(number(length))" height="\(number(Self.barHeight))" rx="2"/>

                    """
                body += text("figure", Self.origin + length + 7, middle, "\(BenchReport.short(bar.value)) \(unit)")
                top += Self.barStep
            }
            top += Self.groupGap
        }
        let (width, height) = (number(Self.width), number(top))
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)" \
            role="img" aria-label="\(Markup.escaped(title))">
            <style>
            \(Self.style)
            </style>
            <rect class="ground" x="0.5" y="0.5" width="\(number(Self.width - 1))" height="\(number(top - 1))" rx="8"/>
            <text class="title" x="\(number(Self.margin))" y="32">\(Markup.escaped(title))</text>
            <text class="subtitle" x="\(number(Self.margin))" y="52">\(Markup.escaped(subtitle))</text>
            \(body)</svg>

            """
    }

    /// - Parameter middle: the height of the text's middle.
    private func text(_ kind: String, _ x: Double, _ middle: Double, _ text: String) -> String {
        "<text class=\"\(kind)\" x=\"\(number(x))\" y=\"\(number(middle + 4.5))\">\(Markup.escaped(text))</text>\n"
    }

    /// At most one decimal.
    private func number(_ value: Double) -> String { BenchReport.trimmed((value * 10).rounded() / 10) }
}
