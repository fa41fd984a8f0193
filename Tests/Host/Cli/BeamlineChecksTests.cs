using Flyscan.Hardware.Contracts;
using Flyscan.Host.Cli;
using Xunit;

namespace Flyscan.Tests.Host.Cli;

/// <summary>What <c>flyscan doctor</c> says of a beamline file, and <c>flyscan devices</c> of what is in it.</summary>
public sealed class BeamlineChecksTests
{
    private static readonly string Detector = Path.Combine(AppContext.BaseDirectory, "beamlines", "virtual-areadetector.hocon");

    [Fact]
    public void A_file_that_is_right_is_told_with_what_is_in_it()
    {
        var (checks, beamline) = BeamlineChecks.Offline(Detector);
        Assert.Equal(
            [
                new("beamline file", true, true, "virtual-areadetector: 6 devices; axes x, y, z; detectors diode, cam", null),
                new DoctorCheck("EPICS search list", true, false, "127.0.0.1:15064", null),
            ],
            checks);
        Assert.NotNull(beamline);
    }

    [Fact]
    public void A_file_that_is_wrong_is_one_check_that_says_where()
    {
        using var place = new CliPlace();
        var file = place.Write("b.hocon", File.ReadAllText(Detector).Replace("driver = vimba", "driver = vimbo"));
        var (checks, beamline) = BeamlineChecks.Offline(file);
        Assert.Null(beamline);
        var check = Assert.Single(checks);
        Assert.False(check.Ok);
        Assert.Contains("beamline.devices.cam.driver = vimbo: it is one of aravis, kinetix", check.Detail);
    }

    [Fact]
    public void Folders_that_are_not_there_and_an_empty_search_list_are_found_before_anything_is_connected()
    {
        using var place = new CliPlace();
        var file = place.Write("b.hocon", File.ReadAllText(Detector)
            .Replace("addresses = [\"127.0.0.1:15064\"]", "addresses = []")
            .Replace("trigger = edge\n", "trigger = edge, path-map { ours = /flyscan-absent, theirs = /mnt }\n"));
        var (checks, _) = BeamlineChecks.Offline(file);
        Assert.Contains(checks, c => c is { Name: "folder of cam", Ok: false, IsRequired: true, Detail: "/flyscan-absent is not there" });
        Assert.Contains(checks, c => c is { Name: "EPICS search list", Ok: false, IsRequired: false });
    }

    [Fact]
    public void Records_that_no_server_has_are_named()
    {
        var check = BeamlineChecks.Of(new SurveyedDevice(
            "cam", "epics-area-detector", "DET:A was not found",
            [new("DET:A", null, "not found (searching)"), new("DET:B", "1", null), new("DET:C", null, "not found (searching)")]));
        Assert.Equal((false, "2 of 3 records not found: DET:A, DET:C"), (check.Ok, check.Detail));
    }

    [Fact]
    public void An_alarm_is_no_refusal_and_is_named()
    {
        var check = BeamlineChecks.Of(new SurveyedDevice(
            "z", "epics-motor", null, [new DeviceFact("position", "1.5", null), new DeviceFact("Z.RBV", "1.5", "HIGH MINOR")]));
        Assert.Equal((false, false), (check.Ok, check.IsRequired));
        Assert.Equal("epics-motor: position 1.5, Z.RBV 1.5; in alarm: Z.RBV (HIGH MINOR)", check.Detail);
    }

    [Fact]
    public async Task Online_without_a_file_is_refused()
    {
        using var place = new CliPlace();
        var answer = await place.RunAsync("doctor", "--online");
        Assert.Equal(2, answer.Code);
        Assert.Contains("--online needs --beamline FILE", answer.Error);
    }
}
