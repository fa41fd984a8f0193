using System.Globalization;
using System.Net;
using System.Text;

namespace Flyscan.Host.Cli;

/// <summary>Writes the elements of a picture, numbers with at most two decimals.</summary>
internal sealed class SvgText
{
    private readonly StringBuilder _text = new();

    public void Line((double X, double Y) from, (double X, double Y) to, string style) =>
        Add($"<line x1=\"{N(from.X)}\" y1=\"{N(from.Y)}\" x2=\"{N(to.X)}\" y2=\"{N(to.Y)}\" {style}/>");

    public void Rectangle((double X, double Y) corner, (double Width, double Height) size, string style) =>
        Add($"<rect x=\"{N(corner.X)}\" y=\"{N(corner.Y)}\" width=\"{N(size.Width)}\" height=\"{N(size.Height)}\" {style}/>");

    public void Circle((double X, double Y) centre, double radius, string style) =>
        Add($"<circle cx=\"{N(centre.X)}\" cy=\"{N(centre.Y)}\" r=\"{N(radius)}\" {style}/>");

    public void Path(IReadOnlyList<(double X, double Y)> points, string style)
    {
        if (points.Count < 2)
            return;
        _text.Append("<polyline points=\"");
        foreach (var (x, y) in points)
            _text.Append(N(x)).Append(',').Append(N(y)).Append(' ');
        _text.Append("\" fill=\"none\" ").Append(style).AppendLine("/>");
    }

    public void Text((double X, double Y) at, string text, string style = "") =>
        Add($"<text x=\"{N(at.X)}\" y=\"{N(at.Y)}\" {style}>{WebUtility.HtmlEncode(text)}</text>");

    /// <summary>The document, white behind everything.</summary>
    public string Document(double width, double height) =>
        $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {N(width)} {N(height)}\" width=\"{N(width)}\" height=\"{N(height)}\" "
        + "font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\" font-size=\"12\" fill=\"#222\">\n"
        + $"<rect width=\"{N(width)}\" height=\"{N(height)}\" fill=\"white\"/>\n{_text}</svg>\n";

    private void Add(string element) => _text.AppendLine(element);

    private static string N(double value) => Math.Round(value, 2).ToString("0.##", CultureInfo.InvariantCulture);
}
