import Foundation

/// An SVG picture under way, with the room that its axes need.
///
/// Each chart is drawn twice, wide and narrow, for text in a picture that a phone scales down cannot be read.
struct Chart {
    enum Width: String, CaseIterable {
        case wide, narrow

        var pixels: Double { self == .wide ? 1060 : 370 }
    }

    private static let left = 70.0
    private static let right = 14.0
    private static let top = 20.0
    private static let bottom = 26.0

    let width: Width
    /// Of the part between the axes.
    let height: Double
    private var body = ""

    var originX: Double { Self.left }
    var bottomY: Double { Self.top + height }
    var topY: Double { Self.top }
    var plotWidth: Double { width.pixels - Self.left - Self.right }

    init(_ width: Width, height: Double) {
        self.width = width
        self.height = height
    }

    /// The picture.
    /// - Parameter description: the text alternative.
    func svg(_ description: String) -> String {
        let whole = Self.top + height + Self.bottom
        return """
            <svg class="\(width.rawValue)" viewBox="0 0 \(number(width.pixels)) \(number(whole))" role="img" \
            aria-label="\(Markup.escaped(description))">
            \(body)</svg>

            """
    }

    /// A figure with the picture at both widths.
    static func figure(
        _ title: String, legend: String, height: Double, _ description: String, draw: (inout Chart) -> Void
    ) -> String {
        let pictures = Width.allCases.map { width in
            var chart = Chart(width, height: height)
            draw(&chart)
            return chart.svg(description)
        }
        return """
            <figure>
            <figcaption><h2>\(Markup.escaped(title))</h2><span class="legend">\(legend)</span></figcaption>
            \(pictures.joined())</figure>

            """
    }

    /// An entry of a legend: a sample of the line, then what it is.
    static func key(_ kind: String, _ text: String) -> String {
        """
        <span class="key"><svg viewBox="0 0 26 10" width="26" height="10" aria-hidden="true">\
        <path class="\(kind)" d="M1 5H25"/></svg>\(Markup.escaped(text))</span>
        """
    }

    // MARK: Axes

    mutating func drawHorizontal(_ axis: Axis) {
        var labelEnd = 0.0
        for tick in axis.ticks {
            let x = axis.place(tick.value)
            line("grid", from: (x, Self.top), to: (x, bottomY))
            let width = Double(tick.label.count) * 7
            let middle = min(x, originX + plotWidth + Self.right - 2 - width / 2)
            guard middle - width / 2 > labelEnd else { continue }
            text("tick", "middle", (middle, bottomY + 17), tick.label)
            labelEnd = middle + width / 2 + 4
        }
        line("axis", from: (originX, bottomY), to: (originX + plotWidth, bottomY))
    }

    mutating func drawVertical(_ axis: Axis) {
        for tick in axis.ticks {
            let y = axis.place(tick.value)
            line("grid", from: (originX, y), to: (originX + plotWidth, y))
            text("tick", "end", (originX - 7, y + 4), tick.label)
        }
    }

    // MARK: Shapes

    mutating func line(_ kind: String, from start: (x: Double, y: Double), to end: (x: Double, y: Double)) {
        body +=
            "<path class=\"\(kind)\" d=\"M\(number(start.x)) \(number(start.y))L\(number(end.x)) \(number(end.y))\"/>\n"
    }

    /// A line through points; it breaks where there is none.
    mutating func curve(_ kind: String, _ points: [(x: Double, y: Double)?]) {
        var path = ""
        var isDown = false
        for (index, point) in points.enumerated() {
            guard let point else {
                isDown = false
                continue
            }
            path += "\(isDown ? "L" : "M")\(number(point.x)) \(number(point.y))"
            // A point between two gaps is a line of no length, which round ends make visible.
            let isAlone = !isDown && (index + 1 == points.count || points[index + 1] == nil)
            if isAlone { path += "h0" }
            isDown = true
        }
        if !path.isEmpty { body += "<path class=\"\(kind)\" d=\"\(path)\"/>\n" }
    }

    mutating func box(_ kind: String, x: Double, y: Double, width: Double, height: Double, tip: String? = nil) {
        let shape = """
            <rect class="\(kind)" x="\(number(x))" y="\(number(y))" width="\(number(max(0, width)))" \
            height="\(number(max(0, height)))"
            """
        body += shape + (tip.map { "><title>\(Markup.escaped($0))</title></rect>\n" } ?? "/>\n")
    }

    /// A triangle that points down to a place.
    mutating func marker(_ kind: String, at point: (x: Double, y: Double), tip: String) {
        let (x, y) = point
        body += """
            <path class="\(kind)" d="M\(number(x)) \(number(y))L\(number(x - 6)) \(number(y - 10))H\(number(x + 6))Z">\
            <title>\(Markup.escaped(tip))</title></path>

            """
    }

    mutating func text(_ kind: String, _ anchor: String, _ place: (x: Double, y: Double), _ text: String) {
        body += """
            <text class="\(kind)" text-anchor="\(anchor)" x="\(number(place.x))" y="\(number(place.y))">\
            \(Markup.escaped(text))</text>

            """
    }

    /// A tenth of a pixel is enough.
    private func number(_ value: Double) -> String {
        let tenths = (value * 10).rounded() / 10
        return tenths == tenths.rounded() ? "\(Int(tenths))" : "\(tenths)"
    }
}
