using Flyscan.Host.Composition;
using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Specs;
using Flyscan.Tests.Host.Cli;
using Xunit;

namespace Flyscan.Tests.Host.Composition;

public sealed class PointFilesTests
{
    private static readonly PointFile Spec = new("points.csv", ["sx", "sy"], ["x", "y"]) { DurationColumn = "t" };

    [Fact]
    public void Columns_are_found_by_name_among_others_and_comments()
    {
        using var place = new CliPlace();
        place.Write("points.csv", "# y, note, x, t\n1,a,2,0.1\n\n# a remark\n 3 , b , 4e0 , 0.25 \r\n");
        var read = (PointFile)PointFiles.Read(Spec, place.Folder);
        Assert.Equal(place.In("points.csv"), read.File);
        Assert.Equal([2, 4], read.Table!.Positions(0).ToArray());
        Assert.Equal([1, 3], read.Table.Positions(1).ToArray());
        Assert.Equal([0.1, 0.25], read.Table.Durations.ToArray());
        Assert.Equal(2, ScanPath.Of(new Fly(new Snake(read))).Length);
    }

    [Fact]
    public void A_spec_that_was_read_reads_the_same_again_and_refuses_a_file_that_has_changed()
    {
        using var place = new CliPlace();
        place.Write("points.csv", "x,y,t\n1,2,3\n");
        var read = PointFiles.Read(new Fly(Spec), place.Folder);
        var written = SpecJson.Parse(SpecJson.Write(read), "journal");
        Assert.Equal(read, PointFiles.Read(written, "/"));
        place.Write("points.csv", "x,y,t\n1,2,4\n");
        var error = Assert.Throws<SpecException>(() => PointFiles.Read(written, "/"));
        Assert.Equal("spec.spec.file", error.Path);
        Assert.Contains("the file has changed", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x,y,t\n1,2,3\n1,zwei,3\n", "points.csv:3: has 'zwei' in column y, but needs a finite number")]
    [InlineData("x,y,t\n1,2\n", "points.csv:2: has '' in column t, but needs a finite number")]
    [InlineData("x,y,t\n1,2,inf\n", "points.csv:2: has 'inf' in column t")]
    [InlineData("x,z,t\n1,2,3\n", "points.csv:1: names the columns x, z, t, but not 'y'")]
    [InlineData("x,y,t\n", "points.csv:2: is the end, and there was no row")]
    [InlineData("", "points.csv:1: is the end, and no line named the columns")]
    [InlineData("x,y,t\n1,2,3\n1,2,0\n", "points.csv: row 2 has 0 in column t, but must have above 0")]
    public void What_is_wrong_is_said_with_file_and_line(string text, string message)
    {
        using var place = new CliPlace();
        place.Write("points.csv", text);
        Assert.Contains(message, Assert.Throws<SpecException>(() => PointFiles.Read(Spec, place.Folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_or_has_too_long_a_line_is_refused()
    {
        using var place = new CliPlace();
        Assert.Contains(
            "points.csv: there is no such file", Assert.Throws<SpecException>(() => PointFiles.Read(Spec, place.Folder)).Message,
            StringComparison.Ordinal);
        place.Write("points.csv", new string('1', 100_000));
        Assert.Contains(
            "points.csv:1: is longer than", Assert.Throws<SpecException>(() => PointFiles.Read(Spec, place.Folder)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void More_rows_than_the_limit_are_refused_at_their_line()
    {
        var csv = new PointCsv(new StringReader("x\n1\n2\n3\n"), "p.csv");
        Assert.StartsWith("p.csv:4: is row 3, but at most 2", Assert.Throws<SpecException>(() => csv.Read(["x"], 2)).Message,
            StringComparison.Ordinal);
    }

    [H5PyFact]
    public void Columns_of_an_hdf5_file_that_another_program_wrote_are_read()
    {
        using var place = new CliPlace();
        H5Py.Run(
            "import sys, h5py, numpy as np\nf = h5py.File(sys.argv[1], 'w')\ng = f.create_group('entry')\n"
            + "g['x'] = np.arange(3, dtype='i4')\ng['y'] = np.array([0.5, 1.5, 2.5], dtype='f4')\ng['t'] = np.full(3, 0.1)\n"
            + "g['plane'] = np.zeros((3, 2))\nf.close()", place.In("p.h5"));
        var spec = Spec with { File = "p.h5", Group = "/entry" };
        var read = (PointFile)PointFiles.Read(spec, place.Folder);
        Assert.Equal([0, 1, 2], read.Table!.Positions(0).ToArray());
        Assert.Equal([0.5, 1.5, 2.5], read.Table.Positions(1).ToArray());
        var error = Assert.Throws<SpecException>(() => PointFiles.Read(spec with { Columns = ["x", "plane"] }, place.Folder));
        Assert.Contains("/entry/plane has 2 dimensions, but a column has 1", error.Message, StringComparison.Ordinal);
        Assert.Throws<SpecException>(() => PointFiles.Read(spec with { Columns = ["x", "none"] }, place.Folder));
    }
}
