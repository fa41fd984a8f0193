using Flyscan.Host.Composition;
using Flyscan.Scanning.Runs;
using Xunit;

namespace Flyscan.Tests.Host.Composition;

public sealed class KeptInFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flyscan-kept-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_one_process_keeps_the_next_finds_until_it_is_put_back()
    {
        SavedSetting[] settings = [new("MOT:X.ACCL", "0.1"), new("MOT:X.VELO", "5")];
        new KeptInFolder(_folder).Keep("x", [.. settings]);
        var next = new KeptInFolder(_folder);
        Assert.Equal(settings, next.Of("x"));
        Assert.Empty(next.Of("y"));
        next.Forget("x");
        next.Forget("x");
        Assert.Empty(new KeptInFolder(_folder).Of("x"));
    }

    [Fact]
    public void A_damaged_file_is_named_and_not_taken_for_nothing_to_do()
    {
        new KeptInFolder(_folder).Keep("x", [new("MOT:X.VELO", "5")]);
        File.WriteAllText(Path.Combine(_folder, "put-back", "x.json"), "{\"MOT");
        var error = Assert.Throws<IOException>(() => new KeptInFolder(_folder).Of("x"));
        Assert.Contains("x.json cannot be read", error.Message);
    }
}
